"""Commands on rotations: begin one, let evidence move it, roll it back, retire the old one by hand."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actors import Actor
from identities.credentials import listening, rotation as machine, rotation_moves as moves, rotation_rows as rows
from identities.credentials.models import ClientKey, ClientSecret, Delivery, Rotation, RotationState
from identities.credentials.naming import hint
from identities.credentials.rotation_records import record
from identities.credentials.selectors import alive
from identities.errors import Conflict, Invalid, Missing
from identities.events import CredentialEvent
from identities.inventory import rhythm
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import Standards
from identities.inventory.standards_rows import standards_of
from identities.statements.prepared import update_many

log = structlog.get_logger(__name__)
AT_ONCE = 200
#: A move that failed is tried again after this.
AGAIN = timedelta(minutes=1)
_MOVED = (
    "state", "distributed_at", "both_seen_at", "old_silent_at", "warned_at", "overdue_at", "ended_at", "ended_reason",
    "watched_since", "looked_at", "consider_at",
)  # fmt: skip


def to_replace(identity: ManagedIdentity, *, at: datetime) -> ClientSecret | None:
    """The secret that a new one of this identity, which the caller holds, would replace; None where it has none.

    Raises Conflict, code `overlap_still_open`, where two work already or another rotation of it is open.
    """
    live = list(ClientSecret.objects.filter(alive(at), identity=identity).select_for_update(no_key=True).order_by("pk"))
    _refuse_a_third(identity, len(live), at=at)
    return live[0] if live else None


def terms_of(identity: ManagedIdentity, standards: Standards | None = None) -> machine.Terms:
    """What a rotation of this identity that began now would keep to, by its tier and slowest known cadence."""
    cadences = (rhythm.seconds_of(identity.expected_cadence), identity.schedule_cadence_seconds)
    return machine.terms(
        identity.risk_tier,
        cadence_seconds=max((seconds for seconds in cadences if seconds), default=None),
        standards=standards or standards_of(identity.tenant_id),
    )


def begin(
    identity: ManagedIdentity,
    *,
    old: ClientSecret,
    new: ClientSecret,
    delivery: Delivery,
    reason: str,
    actor: Actor,
    at: datetime,
    standards: Standards | None = None,
) -> Rotation:
    """Two secrets of `identity`, which the caller holds, overlap from now on. Part of `services.issue`."""
    made = _new(identity, delivery=delivery, reason=reason, actor=actor, at=at, standards=standards)
    made.old, made.new = old, new
    return _keep(made, actor)


def begin_keys(
    identity: ManagedIdentity, *, old_key: ClientKey, new_key: ClientKey, reason: str, actor: Actor, at: datetime
) -> Rotation:
    """As `begin`, for two public keys; whoever has the new one brought it, so it is distributed already.

    The caller holds the identity. Raises Conflict, code `overlap_still_open`, while another rotation of it is open.
    """
    _refuse_a_third(identity, 1, at=at)
    made = _new(identity, delivery=Delivery.BROUGHT, reason=reason, actor=actor, at=at, standards=None)
    made.old_key, made.new_key = old_key, new_key
    made.state, made.distributed_at = RotationState.DISTRIBUTED, at
    return _keep(made, actor)


@transaction.atomic
def advance(rotation_id: UUID, *, at: datetime) -> Rotation | None:
    """Make every move that the evidence carries at `at`, each with its record. Done twice, it does nothing twice.

    None for a rotation that is not there. After a pause in which nobody looked, silence is counted anew.
    """
    held = rows.hold(rotation_id)
    if held is None or held.ended_at is not None:
        return held
    if machine.is_blind(held.looked_at, at, listening.until()):
        held.watched_since = at
    found = rows.facts(held, at)
    for move, found in machine.moves(found, at):  # noqa: B020 - the facts as they are after the last move
        moves.carry_out(held, move, found, at)
    held.looked_at, held.consider_at = at, machine.look_at(found, at)
    held.save(update_fields=_MOVED)
    return held


@transaction.atomic
def mark_distributed(rotation: Rotation, *, actor: Actor, at: datetime, how: str = "") -> Rotation:
    """The new one has reached whoever uses it, as somebody says or a vault has shown. Said again, nothing happens.

    Raises Conflict, code `rotation_ended`, for one that has ended.
    """
    held = _open(rotation)
    if held.state == RotationState.ISSUED:
        moves.distribute(held, actor=actor, at=at, how=how)
        held.save(update_fields=_MOVED)
    return held


@transaction.atomic
def roll_back(rotation: Rotation, *, reason: str, actor: Actor) -> Rotation:
    """Back to the old one, while the two overlap: the new one is revoked, at once and for good.

    Raises Invalid without a reason; Conflict `rotation_ended`, or `old_secret_ended` where the old one works no more.
    """
    at, held = timezone.now(), _open(rotation, reason)
    if not rows.facts(held, at).old.is_live:
        raise Conflict("The old one has ended: there is nothing to roll back to.", code="old_secret_ended")
    moves.roll_back(held, reason=reason.strip(), actor=actor, at=at)
    held.save(update_fields=_MOVED)
    return held


@transaction.atomic
def retire_old(rotation: Rotation, *, reason: str, actor: Actor) -> Rotation:
    """End the overlap now, whatever the evidence: the old one is revoked, and whoever still uses it is refused.

    Raises Invalid without a reason; Conflict `rotation_ended`, or `new_secret_ended` where the new one works no more.
    """
    at, held = timezone.now(), _open(rotation, reason)
    if not rows.facts(held, at).new.is_live:
        raise Conflict("The new one has ended: roll back instead.", code="new_secret_ended")
    moves.retire(held, reason=reason.strip(), actor=actor, at=at)
    held.save(update_fields=_MOVED)
    return held


def settle(identity_id: UUID, *, reason: str, at: datetime) -> Rotation | None:
    """One of the pair may have ended by other means: then its rotation is over too, and answered.

    The caller holds the identity and keeps the record.
    """
    known = rows.open_of(identity_id)
    held = rows.hold(known.pk) if known else None
    move = machine.next_move(rows.facts(held, at), at) if held else None
    if held is None or move not in (machine.Move.END_OLD, machine.Move.END_NEW):
        return None
    moves.settle(held, move, reason=reason, at=at)
    held.save(update_fields=_MOVED)
    return held


def tend(at: datetime) -> int:
    """Advance what is due at `at`, each in its own transaction; how many were looked at closely.

    One that breaks off keeps no other waiting: it is due again in a minute.
    """
    # The idle clock asks one indexed question, and opens no transaction for it.
    found = due(at) if _to_consider(at).exists() else []
    for rotation_id in found:
        try:
            advance(rotation_id, at=at)
        except Exception:
            log.exception("rotation_broke_off", rotation_id=str(rotation_id))
    return len(found)


@transaction.atomic
def due(at: datetime, limit: int = AT_ONCE) -> list[UUID]:
    """Those that may move at `at`, for `advance`; of the others that were due it is noted that somebody looked.

    At most `limit`. What another worker is looking at is left to that one.
    """
    waiting: list[Rotation] = []
    ready: list[UUID] = []
    heard = listening.until()
    for row in _due(at, limit):
        found = rows.facts(row, at)
        if machine.is_blind(row.looked_at, at, heard) or machine.next_move(found, at) is not None:
            ready.append(row.pk)
            row.consider_at = at + AGAIN
        else:
            row.looked_at, row.consider_at = at, machine.look_at(found, at)
        waiting.append(row)
    update_many(waiting, ["looked_at", "consider_at"])
    return ready


def _due(at: datetime, limit: int) -> list[Rotation]:
    skip = connection.features.has_select_for_update_skip_locked
    held = _to_consider(at).select_for_update(no_key=True, skip_locked=skip, of=("self",) if skip else ())
    return list(held.select_related("identity", "old", "new", "old_key", "new_key")[:limit])


def _to_consider(at: datetime) -> QuerySet[Rotation]:
    return Rotation.objects.filter(ended_at=None, consider_at__lte=at).order_by("consider_at", "pk")


def _refuse_a_third(identity: ManagedIdentity, live: int, *, at: datetime) -> None:
    settle(identity.pk, reason=moves.ENDED_ELSEWHERE, at=at)
    running = rows.open_of(identity.pk)
    if running is not None:
        old, new = rows.pair(running)
        raise Conflict(
            f"Managed identity '{identity.name}' is being rotated: …{hint(old)} and …{hint(new)} overlap until "
            f"{running.cutover_deadline:%Y-%m-%d %H:%M} UTC at the latest. Retire the old one or roll back first.",
            code="overlap_still_open",
        )
    if live > 1:
        raise Conflict(
            f"Managed identity '{identity.name}' has {live} live secrets; revoke one first.", code="overlap_still_open"
        )


def _new(
    identity: ManagedIdentity,
    *,
    delivery: Delivery,
    reason: str,
    actor: Actor,
    at: datetime,
    standards: Standards | None,
) -> Rotation:
    agreed = terms_of(identity, standards)
    return Rotation(
        identity=identity,
        reason=reason.strip(),
        started_by=actor.label,
        started_at=at,
        cutover_deadline=at + agreed.overlap,
        silent_seconds=int(agreed.silence.total_seconds()),
        after_deadline=agreed.after_deadline,
        watched_since=at,
        looked_at=at,
        consider_at=at,
        delivery=delivery,
    )


def _keep(made: Rotation, actor: Actor) -> Rotation:
    made.save(force_insert=True)
    old, _ = rows.pair(made)
    agreed = {"old_id": str(old.pk), "after_deadline": str(made.after_deadline), "delivery": str(made.delivery)}
    record(CredentialEvent.ROTATED, made, actor=actor, reason=made.reason, more=agreed)
    return made


def _open(rotation: Rotation, reason: str = "said") -> Rotation:
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    held = rows.hold(rotation.pk)
    if held is None:
        raise Missing("There is no such rotation.")
    if held.ended_at is not None:
        raise Conflict("This rotation is over.", code="rotation_ended")
    return held
