"""What was removed, when, by whom and why: from the audit trail."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.models import AuditEvent
from identities.events import (
    BindingEvent,
    CredentialEvent,
    IdentityEvent,
    PolicyEvent,
    RoleEvent,
    TokenEvent,
    VaultEvent,
)
from identities.inventory.models import ManagedIdentity
from identities.programme.reports.base import Line, Report

REMOVALS = (
    IdentityEvent.RETIRED, IdentityEvent.DISABLED, CredentialEvent.REVOKED, TokenEvent.REVOKED, BindingEvent.ENDED,
    RoleEvent.REMOVED, PolicyEvent.REMOVED, VaultEvent.REMOVED,
)  # fmt: skip
BACK = {"month": ("Last 30 days", 30), "quarter": ("Last 90 days", 90), "year": ("Last 365 days", 365)}
#: A team's identities are named to the trail one by one.
MOST_NAMED = 5000


class Removed(Report):
    """Identities, credentials and rights that were taken away."""

    name = "removed"
    title = "What was removed, when, by whom and why"
    position = 80
    why = (
        "Offboarding that can be shown: each identity retired or disabled, each secret, token and role taken away,"
        " with the person or rule that did it and the reason given then."
    )
    model = AuditEvent
    columns = ("When", "What", "About", "Kind", "By", "Why")
    options = {"back": ("How far back", {word: label for word, (label, _) in BACK.items()})}
    nothing = "Nothing was removed in this time."

    def rows(self) -> QuerySet[Any]:
        days = BACK[self.asked.get("back", "quarter")][1]
        found = AuditEvent.objects.filter(
            self.slice.rows(), type__in=[event.value for event in REMOVALS], outcome="success",
            recorded_at__gte=self.at - timedelta(days=days), recorded_at__lte=self.at,
        )  # fmt: skip
        return found.filter(self._of_slice()).order_by("-id")

    def _of_slice(self) -> Q:
        if self.slice.is_whole:
            return Q()
        owned: dict[str, Any] = {"owner_team_id": self.slice.team_id, "application": self.slice.application}
        rows = ManagedIdentity.objects.filter(**{name: value for name, value in owned.items() if value})
        ids = [str(pk) for pk in rows.order_by("-state_changed_at").values_list("pk", flat=True)[:MOST_NAMED]]
        return Q(subject_id__in=ids) | Q(details__identity_id__in=ids)

    def line(self, row: Any) -> Line:
        is_identity = row.subject_kind == "identity"
        cells = [
            row.recorded_at, row.type, row.subject_label or row.subject_id, row.subject_kind, row.actor_label,
            row.reason or None,
        ]  # fmt: skip
        return Line(cells, identity_id=_uuid(row.subject_id) if is_identity else None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
