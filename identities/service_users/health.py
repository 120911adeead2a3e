"""The agent health check (S2-24…29): refresh failures of service users, found in the audit, each once."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Count

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from audit.models import AuditEvent
from audit.moments import zulu
from identities.events import AgentEvent, PersonEvent
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.people.actors import subject_of
from identities.people.models import User
from identities.people.refresh_reasons import RefreshReason
from identities.service_users.models import HealthLook, RefreshIncident

log = structlog.get_logger(__name__)

#: So much of what was looked at is looked at again each time: a transaction may commit late, a clock may be behind.
AGAIN = timedelta(days=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: Of one call.
MOST = 500
_PAGE = 200


def look(tenant_id: UUID, *, actor: Actor, schedule_id: UUID, at: datetime, most: int = MOST) -> list[RefreshIncident]:
    """Find what failed since the last look, `most` at the most: fewer than that, and nothing is left. Oldest first.

    Each failure is one incident, however many look at once, and whenever one of them is killed: it is entered under
    the lock of the tenant's look, together with its audit event, in a transaction of its own, and its line in the log
    follows the commit. How far was looked is kept only when nothing is left, so that a look that did not come about or
    broke off loses nothing; the first goes back to the beginning. Whose failures count is asked of the account's field.

    `at` is now. Call it outside a transaction. Not promised: the line in the log of a process that dies in the instant
    between the commit and the line; incident, audit and counter have it.
    """
    defaults = {"seen_until": BEGINNING, "looked_at": at}
    last, _ = HealthLook.objects.get_or_create(tenant_id=tenant_id, defaults=defaults)
    # A clock that ran ahead at the last look hides nothing.
    since = min(last.seen_until, at - AGAIN)
    found: list[RefreshIncident] = []
    for failure, user in _failures(tenant_id, since):
        if len(found) == most:
            return found
        if incident := _enter(failure, user, actor=actor, schedule_id=schedule_id, at=at):
            _say(incident, user, schedule_id)
            found.append(incident)
    if len(found) < most:
        HealthLook.objects.filter(tenant_id=tenant_id).update(seen_until=at - AGAIN, looked_at=at)
    return found


def counts() -> Mapping[str, int]:
    """How many incidents there ever were, by reason; every reason is there. One query, answered from an index."""
    rows = RefreshIncident.objects.order_by().values_list("reason").annotate(number=Count("*"))
    return {reason.value: 0 for reason in RefreshReason} | dict(rows)


def _failures(tenant_id: UUID, since: datetime) -> Iterator[tuple[AuditEvent, User]]:
    """The failures of service users that are not entered yet, with whose they are: three queries a page."""
    rows = AuditEvent.objects.filter(type=PersonEvent.REFRESH_FAILED.value, tenant_id=tenant_id).order_by("id")
    after = _before(since)
    while after is not None:
        page = list(rows.filter(id__gt=after)[:_PAGE])
        entered = RefreshIncident.objects.filter(event__in=[row.uuid for row in page])
        known = set(entered.values_list("event", flat=True))
        news = [row for row in page if row.uuid not in known and _is_invalidated(row)]
        agents = _agents(tenant_id, news)
        yield from ((row, agents[row.subject_id]) for row in news if row.subject_id in agents)
        after = page[-1].pk if len(page) == _PAGE else None


def _before(since: datetime) -> int | None:
    """The id after which all lies that was recorded since then (types are indexed by id, not by time), if any was."""
    if since == BEGINNING:
        return 0
    rows = AuditEvent.objects.filter(recorded_at__gte=since).order_by("recorded_at")
    first = rows.values_list("id", flat=True).first()
    return None if first is None else first - 1


def _is_invalidated(failure: AuditEvent) -> bool:
    return "invalidated" in str(_change(failure).get("current"))


def _agents(tenant_id: UUID, failures: list[AuditEvent]) -> Mapping[str, User]:
    ids = {failure.subject_id for failure in failures}
    return {str(user.pk): user for user in User.objects.filter(pk__in=ids, tenant_id=tenant_id, is_agent=True)}


@transaction.atomic
def _enter(failure: AuditEvent, user: User, *, actor: Actor, schedule_id: UUID, at: datetime) -> RefreshIncident | None:
    HealthLook.objects.select_for_update(no_key=True).get(tenant_id=user.tenant_id)
    if RefreshIncident.objects.filter(event=failure.uuid).exists():
        return None  # another look was quicker
    change = _change(failure)
    incident = RefreshIncident.objects.create(
        tenant_id=user.tenant_id,
        user=user,
        event=failure.uuid,
        reason=str(change.get("reason") or failure.reason),
        metadata=change.get("metadata") or {},
        failed_at=failure.recorded_at,
        found_at=at,
    )
    audit.record(
        AgentEvent.REFRESH_FAILURE_DETECTED,
        actor=actor,
        subject=subject_of(user),
        outcome=Outcome.FAILURE,
        reason=incident.reason,
        details=_told(incident, user, schedule_id) | {"event": str(failure.uuid)},
    )
    # Judged anew: what failed is held against the row.
    posture.mark(ManagedIdentity.objects.filter(account=user))
    return incident


def _change(failure: AuditEvent) -> Mapping[str, Any]:
    change = failure.changes.get("refreshToken")
    return change if isinstance(change, Mapping) else {}


def _told(incident: RefreshIncident, user: User, schedule_id: UUID) -> dict[str, object]:
    return {
        "scheduleId": str(schedule_id),
        "userId": str(user.pk),
        "email": user.email,
        "reason": incident.reason,
        "metadata": incident.metadata,
        "createdAt": zulu(incident.failed_at),
    }


def _say(incident: RefreshIncident, user: User, schedule_id: UUID) -> None:
    log.warning(AgentEvent.REFRESH_FAILURE_DETECTED.value, **_told(incident, user, schedule_id))
