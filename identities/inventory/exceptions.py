"""Exceptions: one identity may deviate from the policy, for a reason and until a day. They end by themselves."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent
from identities.inventory import locks, posture
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
from identities.inventory.states import State
from identities.inventory.subjects import subject_of

#: Longer than this nobody can see ahead.
LONGEST = timedelta(days=366)
MAX_REASON = 2000
MAX_TICKET = 120


@transaction.atomic
def grant(
    identity: ManagedIdentity,
    *,
    kind: ExceptionKind | str,
    reason: str,
    expires_at: datetime,
    actor: Actor,
    ticket: str = "",
) -> PolicyException:
    """Let `identity` deviate in this one respect until `expires_at`, a year from now at most.

    Raises Invalid naming the member that does not fit, Conflict for a retired identity and where one of this kind
    lives already: that one is ended first.
    """
    at = timezone.now()
    _check(kind, reason, expires_at, ticket, at)
    locks.hold([identity.pk])
    locked = ManagedIdentity.objects.get(pk=identity.pk)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    if of([locked.pk], at=at, kind=kind).exists():
        raise Conflict("There is such an exception already: end it first.", code="exception_lives")
    made = PolicyException.objects.create(
        identity=locked,
        kind=ExceptionKind(kind),
        reason=reason.strip(),
        ticket=ticket.strip(),
        granted_by=actor.label,
        granted_at=at,
        expires_at=expires_at,
    )
    posture.refresh([locked.pk], at=at)
    _record(IdentityEvent.EXCEPTION_GRANTED, made, actor, made.reason)
    return made


@transaction.atomic
def end(exception: PolicyException, *, reason: str, actor: Actor) -> PolicyException:
    """End it before its day. Raises Invalid without a reason, Conflict where it has ended already."""
    at = timezone.now()
    if not reason.strip():
        raise Invalid({"reason": ["Say why it ends."]})
    locks.hold([exception.identity_id])
    locked = PolicyException.objects.select_for_update(no_key=True, of=("self",)).get(pk=exception.pk)
    if not is_live(locked, at):
        raise Conflict("This exception has ended already.", code="exception_ended")
    locked.ended_at, locked.ended_reason = at, reason.strip()
    locked.save(update_fields=["ended_at", "ended_reason"])
    posture.refresh([locked.identity_id], at=at)
    _record(IdentityEvent.EXCEPTION_ENDED, locked, actor, locked.ended_reason)
    return locked


def of(
    identity_ids: Collection[UUID], *, at: datetime, kind: ExceptionKind | str | None = None
) -> QuerySet[PolicyException]:
    """Those of these identities that live at `at`."""
    rows = PolicyException.objects.filter(live(at), identity_id__in=identity_ids)
    return rows if kind is None else rows.filter(kind=kind)


def live(at: datetime) -> Q:
    """The condition for an exception that holds at `at`."""
    return Q(ended_at=None, granted_at__lte=at, expires_at__gt=at)


def is_live(exception: PolicyException, at: datetime) -> bool:
    """The same for one row in hand."""
    return exception.ended_at is None and exception.granted_at <= at < exception.expires_at


def excepted_until(at: datetime, *, kind: ExceptionKind, identity: str = "identity_id") -> Subquery:
    """For a query on what belongs to an identity: until when it is excepted, null where it is not."""
    mine = PolicyException.objects.filter(live(at), kind=kind, identity_id=OuterRef(identity)).order_by()
    return Subquery(mine.values("identity_id").annotate(until=Max("expires_at")).values("until"))


def _check(kind: ExceptionKind | str, reason: str, expires_at: datetime, ticket: str, at: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if kind not in ExceptionKind.values:
        wrong["kind"] = ["There is no such kind of exception."]
    if not reason.strip():
        wrong["reason"] = ["Say why it is needed."]
    elif len(reason) > MAX_REASON:
        wrong["reason"] = [f"At most {MAX_REASON} characters."]
    if expires_at <= at:
        wrong["expires_at"] = ["An exception ends in the future."]
    elif expires_at > at + LONGEST:
        wrong["expires_at"] = ["An exception lasts a year at most; it can be granted again."]
    if len(ticket) > MAX_TICKET:
        wrong["ticket"] = [f"At most {MAX_TICKET} characters."]
    if wrong:
        raise Invalid(wrong)


def _record(event: IdentityEvent, exception: PolicyException, actor: Actor, reason: str) -> None:
    facts = {"exception": exception.kind, "expires_at": exception.expires_at.isoformat()}
    before = facts if event is IdentityEvent.EXCEPTION_ENDED else {}
    audit.record(
        event,
        actor=actor,
        subject=subject_of(exception.identity),
        reason=reason,
        changes=changes.between(before, {} if before else facts),
        details={"exception_id": str(exception.pk), "kind": exception.kind, "ticket": exception.ticket},
    )
