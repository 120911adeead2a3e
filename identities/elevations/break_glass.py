"""Break-glass: access for an emergency, approved beforehand by two people, used once and aloud, then reviewed."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.approvals import services as approvals
from identities.elevations import alarms, selectors, terms
from identities.elevations.models import BreakGlassGrant, BreakGlassState
from identities.elevations.rows import hold
from identities.elevations.subjects import subject_of
from identities.errors import Conflict, Invalid, Refused
from identities.events import BreakGlassEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.named_owner import named
from identities.inventory.subjects import subject_of as identity_subject
from identities.inventory.vocabulary import RiskTier
from identities.people.models import PortalRole, User

#: Asked for and not decided, it is asked for anew.
ASKED_FOR = timedelta(days=7)
#: Who only reads uses nothing.
USERS = frozenset({PortalRole.ANALYST.value, PortalRole.ADMIN.value})


@transaction.atomic
def arm(
    identity: ManagedIdentity,
    role: Role,
    *,
    minutes: int,
    valid_until: datetime,
    justification: str,
    owner: object,
    actor: Actor,
    ticket: str = "",
    renews: BreakGlassGrant | None = None,
) -> BreakGlassGrant:
    """Ask that `owner`, or an ADMIN, may once give `role` to `identity` for `minutes`, until `valid_until`.

    Security and an owner of the identity, two people, have to approve, whatever its tier; neither who asks nor who is
    named counts among them. Raises Invalid by member, Refused for a machine, Conflict: `wrong_state`, `review_open`
    (one was used and nobody has reviewed it), `not_renewable`.
    """
    if not actor.is_human:
        raise Refused("Only a person arms a break-glass grant.", code="person_needed")
    locked, at = inventory.lock(identity), timezone.now()
    terms.check(locked, role, minutes=minutes, justification=justification, ticket=ticket)
    terms.check_armed_until(valid_until, at)
    person = _user(owner, locked)
    _check_reviewed(locked)
    _check_renewable(renews, locked)
    row = BreakGlassGrant.objects.create(
        tenant_id=locked.tenant_id,
        identity=locked,
        role=role,
        owner=person,
        owner_label=person.email,
        justification=justification.strip(),
        ticket=ticket.strip(),
        minutes=minutes,
        valid_until=valid_until,
        renews=renews,
        requested_by=actor.label,
        requested_by_id=actor.id,
        requested_at=at,
    )
    record(BreakGlassEvent.ASKED, row, actor, row.justification)
    approval = approvals.ask(
        subject=subject_of(row),
        content=terms.content_of(row),
        risk_tier=RiskTier.HIGH.value,
        summary=f"{person.email} may give '{role.name}' to {locked.name} in an emergency, once",
        actor=actor,
        identity=locked,
        involved=[str(person.pk)],
        ticket=row.ticket,
        due_at=min(valid_until, at + ASKED_FOR),
    )
    BreakGlassGrant.objects.filter(pk=row.pk).update(approval=approval)
    return selectors.break_glass(None).get(pk=row.pk)


def make_ready(row: BreakGlassGrant, *, actor: Actor) -> BreakGlassGrant:
    """Both have approved: armed. In the caller's transaction, for `approvals`. Raises Conflict where it is over."""
    locked, at = hold(row), timezone.now()
    if selectors.state_of(locked, at) != BreakGlassState.ASKED:
        raise Conflict("This grant is not asked for any more.", code="not_asked")
    locked.state, locked.armed_at = BreakGlassState.ARMED, at
    locked.save(update_fields=["state", "armed_at"])
    record(BreakGlassEvent.ARMED, locked, actor, locked.justification)
    return locked


def refuse(row: BreakGlassGrant, *, state: BreakGlassState, reason: str, actor: Actor) -> BreakGlassGrant:
    """It does not come to be. In the caller's transaction, for `approvals`; nothing happens where it is settled."""
    locked = hold(row)
    if locked.state == BreakGlassState.ASKED:
        _settle(locked, state, reason, actor)
    return locked


@transaction.atomic
def cancel(grant: BreakGlassGrant, *, reason: str, actor: Actor) -> BreakGlassGrant:
    """Take it back before it is used. Raises Invalid without a reason, Conflict `not_armed`."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = hold(grant)
    if locked.state == BreakGlassState.ASKED and locked.approval is not None:
        approvals.withdraw(locked.approval, reason=reason.strip(), actor=actor)
        return selectors.break_glass(None).get(pk=locked.pk)
    if selectors.state_of(locked, timezone.now()) != BreakGlassState.ARMED:
        raise Conflict("This grant does not lie ready.", code="not_armed")
    return _settle(locked, BreakGlassState.CANCELLED, reason.strip(), actor)


@transaction.atomic
def use(grant: BreakGlassGrant, *, reason: str, actor: Actor) -> BreakGlassGrant:
    """Break the glass: the role is given now, for the minutes that were approved, and everybody concerned is told.

    By the person it names, or an ADMIN; of many at once one succeeds. Its end stands on the binding: no task has to
    come for it. Raises Invalid without a reason, Refused (`not_yours`), and Conflict: `not_armed`,
    `break_glass_used`, `break_glass_expired`, `review_open`, `wrong_state`, `role_binding_overlaps`, and
    `changed_since` where the role permits more than was approved.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say what has happened."]})
    locked, at = hold(grant), timezone.now()
    _check_user(locked, actor)
    _check_usable(locked, at)
    ends = at + timedelta(minutes=locked.minutes)
    locked.binding = access.grant(
        locked.identity,
        locked.role,
        valid_from=at,
        valid_until=ends,
        reason=f"Break-glass: {reason.strip()}"[:500],
        actor=actor,
        is_elevation=True,
    )
    locked.state, locked.used_at, locked.use_ends_at = BreakGlassState.USED, at, ends
    locked.review_by = ends + selectors.REVIEW_WITHIN
    locked.used_by, locked.used_by_id, locked.used_reason = actor.label, actor.id, reason.strip()
    locked.save()
    record(BreakGlassEvent.USED, locked, actor, reason.strip())
    alarms.used(locked)
    return locked


def record(event: BreakGlassEvent, row: BreakGlassGrant, actor: Actor, reason: str, **more: object) -> None:
    """One line on the identity's timeline."""
    details: dict[str, object] = {
        "break_glass_id": str(row.pk),
        "role": row.role.name,
        "minutes": row.minutes,
        "owner": row.owner_label,
        "valid_until": row.valid_until.isoformat(),
        "ticket": row.ticket,
    }
    if row.renews_id:
        details["renews"] = str(row.renews_id)
    if row.binding is not None:
        details |= {"binding_id": str(row.binding.pk), "ends_at": row.binding.valid_until.isoformat()}
    subject = identity_subject(row.identity)
    audit.record(event, actor=actor, subject=subject, reason=reason, details=details | more)


def _settle(row: BreakGlassGrant, state: BreakGlassState, reason: str, actor: Actor) -> BreakGlassGrant:
    row.state, row.state_reason = state, reason
    row.save(update_fields=["state", "state_reason"])
    record(BreakGlassEvent(f"break_glass.{state.value}"), row, actor, reason)
    return row


def _user(owner: object, identity: ManagedIdentity) -> User:
    person = named(owner, tenant_id=identity.tenant_id)
    if person.role not in USERS:
        raise Invalid({"owner": ["Whoever is named has to be an ANALYST or an ADMIN: who only reads uses nothing."]})
    return person


def _check_user(row: BreakGlassGrant, actor: Actor) -> None:
    person = User.objects.filter(pk=actor.id, is_active=True, is_agent=False).first() if actor.is_human else None
    if person is not None and person.role in USERS and person.pk == row.owner_id:
        return
    governs = person is not None and person.role == PortalRole.ADMIN and person.tenant_id == row.tenant_id
    if not governs and not (person is not None and person.is_platform_admin):
        raise Refused("Only the person it names, or an ADMIN, uses it.", code="not_yours")


def _check_usable(row: BreakGlassGrant, at: datetime) -> None:
    if row.used_at is not None:
        raise Conflict("It was used already: a grant is for one time.", code="break_glass_used")
    state = selectors.state_of(row, at)
    if state == BreakGlassState.EXPIRED:
        raise Conflict("It has expired.", code="break_glass_expired")
    if state != BreakGlassState.ARMED:
        raise Conflict(f"It is {state.label.lower()}, not armed.", code="not_armed")
    _check_reviewed(row.identity)
    terms.check_at_work(row.identity)
    approved = row.approval.content["role"]["permissions"] if row.approval is not None else ()
    if more := sorted({*row.role.permissions} - {*approved}):
        said = f"The role permits more than was approved ({', '.join(more)}): arm it anew."
        raise Conflict(said, code="changed_since")


def _check_reviewed(identity: ManagedIdentity) -> None:
    if selectors.unreviewed(identity.pk).exists():
        said = f"Break-glass of '{identity.name}' was used and is not reviewed yet."
        raise Conflict(said, code="review_open")


def _check_renewable(renews: BreakGlassGrant | None, identity: ManagedIdentity) -> None:
    if renews is None:
        return
    if renews.identity_id != identity.pk:
        raise Invalid({"renews": ["It is of another identity."]})
    if renews.state in (BreakGlassState.ASKED, BreakGlassState.REJECTED):
        raise Conflict("Only what was armed once can be renewed.", code="not_renewable")
