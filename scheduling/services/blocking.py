"""Is a schedule blocked: do its runs end for a reason of identity, secret or token (S0-03)? Said within seconds."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from prometheus_client import Counter

from scheduling import selectors
from scheduling.models import Schedule, ScheduleRun

FAILURES = Counter(
    "steward_run_credential_failures", "Runs that ended for a reason of identity, secret or token.", ["cause"]
)


def note_end(run: ScheduleRun, *, succeeded: bool, cause: str, reason: str, at: datetime) -> None:
    """Keep on the schedule what the end of `run` says of its credentials; call it in the run's own transaction.

    A `cause` blocks the schedule since the first of an unbroken row of them; only a run that succeeds clears it, if the
    schedule was blocked when it was taken: what has been blocked since then is the newer word. Any other end says
    nothing of credentials and changes nothing.
    """
    rows = Schedule.objects.filter(pk=run.schedule_id)
    if cause:
        rows.update(
            blocked_since=Coalesce("blocked_since", at),
            blocked_code=cause,
            blocked_reason=reason,
            blocked_run_id=run.pk,
        )
        transaction.on_commit(lambda: FAILURES.labels(cause).inc())
    elif succeeded and run.schedule.blocked_since is not None:
        rows.update(blocked_since=None, blocked_code="", blocked_reason="", blocked_run_id=None)


def blocked(tenant_ids: Collection[UUID] | None) -> QuerySet[Any]:
    """Schedules of these tenants (None: of all) that are blocked now, with their identity's name, state and owner."""
    rows = Schedule.objects.filter(blocked_since__isnull=False, deleted_at=None)
    if tenant_ids is not None:
        rows = rows.filter(tenant_id__in=tenant_ids)
    named: QuerySet[Any] = rows.annotate(
        identity_name=selectors.identity_column("managed_identity_id", "name"),
        identity_state=selectors.identity_column("managed_identity_id", "state"),
        technical_owner=selectors.identity_column("managed_identity_id", "technical_owner_label"),
        business_owner=selectors.identity_column("managed_identity_id", "business_owner_label"),
    )
    return named.order_by("-blocked_since", "id")
