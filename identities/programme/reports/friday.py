"""Who disables it on a Friday afternoon: the vendors' identities, those with gaps first (S3-08)."""

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import OwnershipClass
from identities.programme.reports.base import Line, Report
from identities.programme.reports.columns import OWNERS

GAPS: tuple[tuple[Q, str], ...] = (
    (Q(business_owner=None), "no business owner"),
    (Q(technical_owner=None), "no technical owner"),
    (Q(revocation_procedure=""), "no revocation procedure"),
    (Q(revocation_tested_at=None), "revocation never tested"),
)


class Friday(Report):
    """Vendors' identities and who stops them."""

    name = "friday"
    title = "Who disables it on a Friday afternoon"
    why = (
        "A vendor calls at four on Friday: their side was broken into. For each of their identities somebody must "
        "know who may decide, who can do it, and how. Those where that is not written down come first."
    )
    columns = (
        "Identity", "Vendor contract", "Environment", "Gaps", "Business owner", "Technical owner", "Team",
        "How to revoke", "Disable", "Revocation tested", "Last used",
    )  # fmt: skip
    position = 20
    related = (*OWNERS, "business_owner", "technical_owner")
    nothing = "No identity belongs to a vendor."

    def rows(self) -> QuerySet[Any]:
        found = ManagedIdentity.objects.filter(self.slice.identities(), ownership_class=OwnershipClass.VENDOR)
        gaps: Any = Value(0, output_field=IntegerField())
        for condition, _ in GAPS:
            gaps += Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())
        return found.annotate(gaps=gaps).order_by("-gaps", "name", "pk")

    def line(self, row: Any) -> Line:
        missing = {
            "no business owner": row.business_owner_id is None,
            "no technical owner": row.technical_owner_id is None,
            "no revocation procedure": not row.revocation_procedure,
            "revocation never tested": row.revocation_tested_at is None,
        }
        cells = [
            row.name, row.vendor_contract or None, row.environment or None,
            ", ".join(words for words, is_missing in missing.items() if is_missing) or "none",
            _reached(row.business_owner, row.business_owner_label),
            _reached(row.technical_owner, row.technical_owner_label), row.owner_team.name if row.owner_team else None,
            row.revocation_procedure or None, row.disable_strategy or None, row.revocation_tested_at, row.last_used_at,
        ]  # fmt: skip
        return Line(cells, identity_id=row.pk)


def _reached(person: Any, label: str) -> str | None:
    if person is None:
        return f"({label})" if label else None
    return str(person.email) if person.is_active else f"{person.email} (account disabled)"
