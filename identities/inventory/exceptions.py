"""Exceptions: one identity may deviate from the policy, for a reason and until a day. They end by themselves."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent
from identities.inventory import locks, posture
from identities.inventory.exception_terms.base import terms_of
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
from identities.inventory.named_owner import named
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.people.models import User

#: Longer than this nobody can see ahead.
LONGEST = timedelta(days=366)
SOON = timedelta(days=14)
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
    owner: object = None,
) -> PolicyException:
    """Let `identity` deviate in this one respect until `expires_at`, a year from now at most.

    `owner` answers for it: a person of the tenant by id or address, silent whoever grants it. Raises Invalid naming the
    member that does not fit (`kind` where the identity does not meet its terms), Conflict for a retired identity and
    where one of this kind lives already: that one is ended, or renewed.
    """
    at = timezone.now()
    locked = _lock(identity.pk)
    _check(kind, reason, expires_at, ticket, at)
    if of([locked.pk], at=at, kind=kind).exists():
        raise Conflict("There is such an exception already: end it first.", code="exception_lives")
    who = _owner(owner, kind, locked, actor)
    return _make(locked, kind=kind, reason=reason, expires_at=expires_at, ticket=ticket, owner=who, actor=actor, at=at)


@transaction.atomic
def renew(
    exception: PolicyException,
    *,
    reason: str,
    expires_at: datetime,
    actor: Actor,
    ticket: str = "",
    owner: object = None,
) -> PolicyException:
    """Decide anew: a row of its own that `renews` this one, which ends now if it has not yet.

    Nothing is carried over but the kind and, where nobody else is named, the owner: he has to be there still. Whatever
    the kind asks for is asked again. Raises as `grant` does, and Conflict where it was renewed already.
    """
    at = timezone.now()
    locked = _lock(exception.identity_id)
    old = PolicyException.objects.select_for_update(no_key=True, of=("self",)).get(pk=exception.pk)
    _check(old.kind, reason, expires_at, ticket, at)
    if old.renewals.exists():
        raise Conflict("This exception was renewed already.", code="exception_renewed")
    standing = of([locked.pk], at=at, kind=old.kind).exclude(pk=old.pk)
    if standing.exists():
        raise Conflict("There is such an exception already: end it first.", code="exception_lives")
    who = _owner(owner or old.owner_id, old.kind, locked, actor)
    if is_live(old, at):
        _end(old, f"Renewed: {reason.strip()}", actor, at)
    return _make(
        locked,
        kind=old.kind,
        reason=reason,
        expires_at=expires_at,
        ticket=ticket,
        owner=who,
        actor=actor,
        at=at,
        renews=old,
    )


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
    _end(locked, reason.strip(), actor, at)
    posture.refresh([locked.identity_id], at=at)
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


def ends_soon(at: datetime) -> Q:
    """The condition for an exception that holds at `at` and ends within two weeks."""
    return live(at) & Q(expires_at__lte=at + SOON)


def in_state(state: str, at: datetime) -> Q:
    """The condition for an exception to be `live`, `ending` (live, and over within two weeks) or `over`."""
    return {"live": live(at), "ending": ends_soon(at)}.get(state, Q(ended_at__isnull=False) | Q(expires_at__lte=at))


def exceptions(tenant_ids: Collection[UUID] | None) -> QuerySet[PolicyException]:
    """Those of identities of these tenants (None: of every one), each with its identity."""
    rows = PolicyException.objects.select_related("identity")
    return rows if tenant_ids is None else rows.filter(identity__tenant_id__in=tenant_ids)


def look_again(since: datetime, at: datetime) -> None:
    """Exceptions that ended by themselves since then: the next sweep looks at their identities, whoever slept."""
    over = PolicyException.objects.filter(expires_at__gt=since, expires_at__lte=at, ended_at=None)
    if ids := list(over.filter(identity__assessed_at__lt=F("expires_at")).values_list("identity_id", flat=True)):
        posture.mark(ids)


def _lock(identity_id: UUID) -> ManagedIdentity:
    locks.hold([identity_id])
    locked = ManagedIdentity.objects.get(pk=identity_id)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    return locked


def _owner(written: object, kind: ExceptionKind | str, identity: ManagedIdentity, actor: Actor) -> User | None:
    """Who answers for it: whoever is named, else the person who grants it, where he is one of the tenant."""
    terms = terms_of(kind)
    if written or (terms is not None and terms.needs_owner):
        return named(written, tenant_id=identity.tenant_id)
    if not actor.is_human:
        return None
    return User.objects.filter(pk=actor.id, tenant_id=identity.tenant_id, is_active=True, is_agent=False).first()


def _make(
    identity: ManagedIdentity,
    *,
    kind: ExceptionKind | str,
    reason: str,
    expires_at: datetime,
    ticket: str,
    owner: User | None,
    actor: Actor,
    at: datetime,
    renews: PolicyException | None = None,
) -> PolicyException:
    terms = terms_of(kind)
    if terms is not None and (why := terms.refusals([identity], at=at).get(identity.pk)):
        raise Invalid({"kind": [why]}, code="not_excepted")
    made = PolicyException.objects.create(
        identity=identity,
        kind=ExceptionKind(kind),
        reason=reason.strip(),
        ticket=ticket.strip(),
        owner=owner,
        owner_label=owner.email if owner else "",
        renews=renews,
        granted_by=actor.label,
        granted_at=at,
        expires_at=expires_at,
    )
    posture.refresh([identity.pk], at=at)
    _record(IdentityEvent.EXCEPTION_GRANTED, made, actor, made.reason)
    return made


def _end(exception: PolicyException, reason: str, actor: Actor, at: datetime) -> None:
    exception.ended_at, exception.ended_reason = at, reason
    exception.save(update_fields=["ended_at", "ended_reason"])
    _record(IdentityEvent.EXCEPTION_ENDED, exception, actor, reason)


def _check(kind: ExceptionKind | str, reason: str, expires_at: datetime, ticket: str, at: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    terms = terms_of(kind)
    longest = terms.longest if terms is not None else LONGEST
    if kind not in ExceptionKind.values:
        wrong["kind"] = ["There is no such kind of exception."]
    if not reason.strip():
        wrong["reason"] = ["Say why it is needed."]
    elif len(reason) > MAX_REASON:
        wrong["reason"] = [f"At most {MAX_REASON} characters."]
    if expires_at <= at:
        wrong["expires_at"] = ["An exception ends in the future."]
    elif expires_at > at + longest:
        lasts = "a year" if longest == LONGEST else f"{longest.days} days"
        wrong["expires_at"] = [f"An exception lasts {lasts} at most; it can be renewed."]
    if len(ticket) > MAX_TICKET:
        wrong["ticket"] = [f"At most {MAX_TICKET} characters."]
    if wrong:
        raise Invalid(wrong)


def _record(event: IdentityEvent, exception: PolicyException, actor: Actor, reason: str) -> None:
    facts = {"exception": exception.kind, "expires_at": exception.expires_at.isoformat()}
    if exception.owner_label:
        facts["owner"] = exception.owner_label
    details = {"exception_id": str(exception.pk), "kind": exception.kind, "ticket": exception.ticket}
    if exception.renews_id:
        details["renews"] = str(exception.renews_id)
    before = facts if event is IdentityEvent.EXCEPTION_ENDED else {}
    audit.record(
        event,
        actor=actor,
        subject=subject_of(exception.identity),
        reason=reason,
        changes=changes.between(before, {} if before else facts),
        details=details,
    )
