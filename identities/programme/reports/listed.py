"""Reports that are lists of identities by one of the programme's conditions, with the columns that answer them."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet

from identities.inventory.models import ManagedIdentity
from identities.programme.conditions import condition
from identities.programme.reports.base import Line, Report
from identities.programme.reports.columns import ANSWERING, OWNERS, WHERE, answering, where


class Listed(Report):
    """Identities of one condition; the identity list shows the same under `number=<key>`."""

    name = "_listed"
    title = why = ""
    key: ClassVar[str] = "total"
    columns = (*WHERE, "Colour", "Way of authentication", *ANSWERING, "Last used", "Rotate by", "Reported by")
    related = OWNERS

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.identities = f"number={cls.key}"

    def rows(self) -> QuerySet[Any]:
        found = ManagedIdentity.objects.filter(self.slice.identities(), condition(self.key, self.at))
        return found.order_by("triage", "name", "pk")

    def keys(self, most: int) -> Sequence[Any]:
        # An index has their order: a page is read by it, and what is only counted needs none.
        return range(self.rows().order_by().values("pk")[:most].count())

    def page(self, start: int, end: int, keys: Sequence[Any]) -> list[Line]:
        wanted = list(self.rows().values_list("pk", flat=True)[start:end]) if keys else []
        return super().page(0, len(wanted), wanted)

    def line(self, row: Any) -> Line:
        cells = [
            *where(row), row.triage, row.auth_method, *answering(row), row.last_used_at, row.rotate_by,
            ", ".join(map(str, row.reported_by)),
        ]  # fmt: skip
        return Line(cells, identity_id=row.pk)
