"""Elevation: ask for a role for a short while, give it, end it early; by itself it ends with its binding's dates."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role, RoleBinding
from identities.approvals import services as approvals
from identities.elevations import selectors, terms
from identities.elevations.models import Elevation, ElevationState
from identities.elevations.rows import hold
from identities.elevations.selectors import Phase
from identities.elevations.subjects import subject_of
from identities.errors import Conflict, Invalid, Refused
from identities.events import ElevationEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.named_owner import named
from identities.inventory.subjects import subject_of as identity_subject
from identities.tokens import services as tokens

#: Just in time is not kept in stock: unanswered for so long, it is not needed any more.
ASKED_FOR = timedelta(hours=24)


@transaction.atomic
def ask(
    identity: ManagedIdentity,
    role: Role,
    *,
    minutes: int,
    justification: str,
    owner: object,
    actor: Actor,
    ticket: str = "",
    renews: Elevation | None = None,
) -> Elevation:
    """Ask that `identity` may hold `role` for `minutes` from the approval on, a day at most.

    `owner` answers for it: a person of the tenant. By the tier (`terms.tier_of`) it is given at once, or waits for
    others; a renewal always waits, and begins where the one it `renews` ends. Whatever follows another one of the same
    role within a day counts as a renewal: nobody goes on and on without another's decision. Raises Invalid by member,
    Refused for a machine, and Conflict: an identity that is not active (`wrong_state`), one that holds the role already
    (`role_binding_overlaps`) or waits for it (`elevation_asked`).
    """
    if not actor.is_human:
        raise Refused("Only a person asks for more than an identity usually may.", code="person_needed")
    locked = inventory.lock(identity)
    terms.check(locked, role, minutes=minutes, justification=justification, ticket=ticket)
    person = named(owner, tenant_id=locked.tenant_id)
    _check_free(locked, role, renews, timezone.now())
    row = Elevation.objects.create(
        tenant_id=locked.tenant_id,
        identity=locked,
        role=role,
        owner=person,
        owner_label=person.email,
        minutes=minutes,
        justification=justification.strip(),
        ticket=ticket.strip(),
        renews=renews,
        requested_by=actor.label,
        requested_by_id=actor.id,
    )
    _record(ElevationEvent.ASKED, row, actor, row.justification)
    approval = approvals.ask(
        subject=subject_of(row),
        content=terms.content_of(row),
        risk_tier=terms.tier_of(locked.risk_tier, role.permissions, is_renewal=renews is not None or _follows(row)),
        summary=f"{locked.name} asks for '{role.name}' for {minutes} minutes",
        actor=actor,
        identity=locked,
        ticket=row.ticket,
        due_at=row.requested_at + ASKED_FOR,
    )
    Elevation.objects.filter(pk=row.pk).update(approval=approval)
    return selectors.elevations(None).get(pk=row.pk)


def give(row: Elevation, *, actor: Actor) -> Elevation:
    """The last yes is there: bind the role, from now or from the end of what it renews, for so many minutes.

    In the caller's transaction, for `approvals`. Raises Conflict where it is not asked for any more.
    """
    locked, at = hold(row), timezone.now()
    if locked.state != ElevationState.ASKED:
        raise Conflict("This elevation is not asked for any more.", code="not_asked")
    terms.check_at_work(locked.identity)
    start = _start(locked, at)
    binding = access.grant(
        locked.identity,
        locked.role,
        valid_from=start,
        valid_until=start + timedelta(minutes=locked.minutes),
        reason=f"Elevation for {locked.owner_label}: {locked.justification}"[:500],
        actor=actor,
        is_elevation=True,
    )
    locked.state, locked.binding, locked.given_at, locked.ends_at = (
        ElevationState.GIVEN, binding, at, binding.valid_until,
    )  # fmt: skip
    locked.save(update_fields=["state", "binding", "given_at", "ends_at"])
    _record(ElevationEvent.GIVEN, locked, actor, locked.justification)
    return locked


def refuse(row: Elevation, *, state: ElevationState, reason: str, actor: Actor) -> Elevation:
    """It does not come to be. In the caller's transaction, for `approvals`; nothing happens where it is settled."""
    locked = hold(row)
    if locked.state != ElevationState.ASKED:
        return locked
    locked.state, locked.state_reason, locked.ended_at = state, reason, timezone.now()
    locked.save(update_fields=["state", "state_reason", "ended_at"])
    event = ElevationEvent.REJECTED if state == ElevationState.REJECTED else ElevationEvent.CANCELLED
    _record(event, locked, actor, reason)
    return locked


@transaction.atomic
def cancel(elevation: Elevation, *, reason: str, actor: Actor) -> Elevation:
    """Take back what is asked for and not given yet. Raises Invalid without a reason, Conflict `not_asked`."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = hold(elevation)
    if locked.state != ElevationState.ASKED or locked.approval is None:
        raise Conflict("This elevation is not asked for any more.", code="not_asked")
    approvals.withdraw(locked.approval, reason=reason.strip(), actor=actor)
    return selectors.elevations(None).get(pk=locked.pk)


@transaction.atomic
def end(elevation: Elevation, *, reason: str, actor: Actor) -> Elevation:
    """End it before its time: the binding ends, and every token of the identity dies, since one may name the role.

    Raises Invalid without a reason, Conflict `elevation_over` where it does not run or wait to begin.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked, at = hold(elevation), timezone.now()
    if selectors.phase_of(locked, at) not in (Phase.LIVE, Phase.COMING) or locked.binding is None:
        raise Conflict("This elevation does not run.", code="elevation_over")
    access.end_binding(locked.binding, reason=reason, actor=actor)
    tokens.kill_tokens(locked.identity, reason=reason, actor=actor)
    locked.state, locked.state_reason, locked.ended_at = ElevationState.ENDED, reason.strip(), at
    locked.save(update_fields=["state", "state_reason", "ended_at"])
    _record(ElevationEvent.ENDED, locked, actor, reason.strip())
    return locked


def _follows(row: Elevation) -> bool:
    since = row.requested_at - timedelta(minutes=terms.MOST_MINUTES)
    given = Elevation.objects.filter(state__in=[ElevationState.GIVEN, ElevationState.ENDED], ends_at__gt=since)
    return given.filter(identity_id=row.identity_id, role_id=row.role_id).exists()


def _check_free(identity: ManagedIdentity, role: Role, renews: Elevation | None, at: datetime) -> None:
    rows = Elevation.objects.filter(identity=identity, role=role)
    if rows.filter(state=ElevationState.ASKED).exists():
        raise Conflict(f"'{role.name}' is asked for already for '{identity.name}'.", code="elevation_asked")
    if renews is not None:
        if (renews.identity_id, renews.role_id) != (identity.pk, role.pk):
            raise Invalid({"renews": ["It is of another identity, or of another role."]})
        if (
            renews.state not in (ElevationState.GIVEN, ElevationState.ENDED)
            or renews.renewals.filter(state__in=[ElevationState.GIVEN, ElevationState.ENDED]).exists()
        ):
            raise Conflict("Only what was given, and not renewed yet, can be renewed.", code="not_renewable")
        return
    held = RoleBinding.objects.standing(at).filter(identity=identity, role=role)
    if held.filter(valid_from__lt=at + timedelta(minutes=terms.MOST_MINUTES)).exists():
        raise Conflict(f"'{identity.name}' holds '{role.name}' already.", code="role_binding_overlaps")


def _start(row: Elevation, at: datetime) -> datetime:
    old = row.renews.binding if row.renews is not None else None
    return max(at, old.valid_until) if old is not None and old.ended_at is None else at


def _record(event: ElevationEvent, row: Elevation, actor: Actor, reason: str) -> None:
    details: dict[str, object] = {
        "elevation_id": str(row.pk),
        "role": row.role.name,
        "minutes": row.minutes,
        "owner": row.owner_label,
        "ticket": row.ticket,
    }
    if row.renews_id:
        details["renews"] = str(row.renews_id)
    if row.binding is not None:
        details |= {"binding_id": str(row.binding.pk), "ends_at": row.binding.valid_until.isoformat()}
    audit.record(event, actor=actor, subject=identity_subject(row.identity), reason=reason, details=details)
