"""Reports that are lists of others' credentials: their names and dates, never a value."""

from typing import Any

from django.db.models import QuerySet

from identities.credentials.models import ExternalCredential
from identities.programme.conditions import in_use
from identities.programme.reports.base import Line, Report
from identities.programme.reports.columns import ANSWERING, answering


class CredentialsListed(Report):
    """Credentials that their source still reports, of the identities of the slice."""

    name = "_credentials"
    title = why = ""
    model = ExternalCredential
    columns = (
        "Credential", "Kind", "Source", "Identity", "Environment", "Rests in", "Made", "Last rotated", "Ends",
        "Last used", *ANSWERING,
    )  # fmt: skip
    related = ("identity", "identity__owner_team")

    def rows(self) -> QuerySet[Any]:
        found = ExternalCredential.objects.filter(self.slice.identities("identity__"), in_use())
        return found.order_by("identity__name", "kind", "pk")

    def line(self, row: Any) -> Line:
        owner = row.identity
        cells = [
            str(row), row.kind, row.source, owner.name, owner.environment or None, row.stored_at or None,
            row.created_at, row.last_rotated_at, row.expires_at, row.last_used_at, *answering(owner),
        ]  # fmt: skip
        return Line(cells, identity_id=owner.pk)
