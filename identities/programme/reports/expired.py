"""Expired credentials: past their end and still there (S3-75), others' and ours in one list."""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, F, QuerySet, Value

from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential
from identities.programme.conditions import in_use
from identities.programme.reports.base import Line, Report

FIELDS = (
    "identity_id",
    "identity__name",
    "identity__environment",
    "what",
    "called",
    "source_name",
    "expires_at",
    "last_used_at",
)


class Expired(Report):
    """What should have been removed."""

    name = "expired-credentials"
    title = "Expired credentials"
    position = 75
    why = (
        "Past their end, and still reported or never revoked. Either something is about to fail because nobody "
        "noticed, or they are litter that should be removed."
    )
    columns = ("Credential", "Kind", "Source", "Identity", "Environment", "Ended", "Last used")
    nothing = "No credential has expired."

    def rows(self) -> QuerySet[Any]:
        of_slice = self.slice.identities("identity__")
        others = ExternalCredential.objects.filter(of_slice, in_use(), expires_at__lte=self.at)
        ours = ClientSecret.objects.filter(of_slice, revoked_at=None, expires_at__lte=self.at)
        keys = ClientKey.objects.filter(of_slice, revoked_at=None, expires_at__lte=self.at)
        text = CharField()
        first: Any = others.order_by().annotate(what=F("kind"), called=F("external_id"), source_name=F("source"))
        second: Any = ours.order_by().annotate(
            what=Value("client_secret", text), called=F("hint"), source_name=Value("Steward", text)
        )
        third: Any = keys.order_by().annotate(
            what=Value("public_key", text), called=F("kid"), source_name=Value("Steward", text)
        )
        joined: QuerySet[Any] = first.values(*FIELDS).union(second.values(*FIELDS), third.values(*FIELDS), all=True)
        return joined.order_by("expires_at", "identity__name")

    def count(self) -> int:
        return self.rows().count()

    def keys(self, most: int) -> Sequence[Any]:
        # Rows of three tables have no key in common: they are pages of one list.
        return range(self.rows()[:most].count())

    def page(self, start: int, end: int, keys: Sequence[Any]) -> list[Line]:
        return self.lines(start, min(end, len(keys)))

    def line(self, row: Any) -> Line:
        cells = [
            row["called"], row["what"], row["source_name"], row["identity__name"], row["identity__environment"] or None,
            row["expires_at"], row["last_used_at"],
        ]  # fmt: skip
        return Line(cells, identity_id=row["identity_id"])
