"""Who may reach each data classification, by what right and for what reason."""

from typing import Any

from django.db.models import QuerySet

from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import PrivilegeLevel
from identities.programme.reports.base import Line, Report
from identities.programme.reports.columns import ANSWERING, OWNERS, answering

SHOWN = 20


class DataReach(Report):
    """Identities by the class of data they work on; those of unknown class last."""

    name = "data-reach"
    title = "Who may reach each data classification"
    why = (
        "For each class of data: which identities work on it, with which roles here and which permissions "
        "elsewhere, and why they were given. What is not classified stands at the end: nobody can say what it "
        "reaches."
    )
    columns = (
        "Classification", "Identity", "Environment", "Privilege", "Roles now", "Given because", "Permissions elsewhere",
        "Systems", *ANSWERING,
    )  # fmt: skip
    position = 25
    related = OWNERS
    fetched = ("bindings__role",)
    options = {
        "privilege": ("Privilege", {level.value: str(level.label) for level in PrivilegeLevel}),
    }
    nothing = "There is no identity yet."

    def rows(self) -> QuerySet[Any]:
        found = ManagedIdentity.objects.filter(self.slice.identities())
        if "privilege" in self.asked:
            found = found.filter(privilege_level=self.asked["privilege"])
        return found.order_by("-data_classification", "name", "pk")

    def line(self, row: Any) -> Line:
        bindings = [binding for binding in row.bindings.all() if binding.is_effective(self.at)]
        cells = [
            row.data_classification or "not classified", row.name, row.environment or None, row.privilege_level or None,
            _joined(binding.role.name for binding in bindings), _joined(binding.reason for binding in bindings),
            _joined(map(_said, row.downstream_permissions)), _joined(map(_said, row.downstream_systems)),
            *answering(row),
        ]  # fmt: skip
        return Line(cells, identity_id=row.pk)


def _said(item: Any) -> str:
    if isinstance(item, dict):
        return " ".join(str(value) for value in item.values() if value)
    return str(item)


def _joined(texts: Any) -> str | None:
    found = list(dict.fromkeys(texts))
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return (", ".join(found[:SHOWN]) + more) or None
