"""What each move of a rotation does to its rows, and the record it leaves. The caller holds them all."""

from collections.abc import Callable
from datetime import datetime

from audit import changes
from audit.actors import Actor
from identities.credentials import ending, rotation_alerts
from identities.credentials.models import Rotation, RotationState
from identities.credentials.rotation import Facts, Move
from identities.credentials.rotation_records import record
from identities.credentials.rotation_rows import pair
from identities.events import CredentialEvent
from identities.inventory import brittleness

ACTOR = Actor.system("rotation")
SILENT = "Replaced: it was silent for its time and the new one is in use"
PAST_DEADLINE = "Replaced: past its cutover deadline, at which the policy of its tier retires it"
SLOWED = "Past its cutover deadline: one success a minute"
ENDED_ELSEWHERE = "It ended while the two overlapped"


def carry_out(rotation: Rotation, move: Move, facts: Facts, at: datetime) -> None:
    """Do `move`; `facts` are as they are after it. The rotation's row is saved by the caller."""
    rotation.state = facts.state
    _DO[move](rotation, at)


def finish(rotation: Rotation, *, reason: str, at: datetime) -> None:
    """No more than this of the two: the rotation is over."""
    rotation.ended_at, rotation.ended_reason, rotation.consider_at = at, reason, None


def retire(rotation: Rotation, *, reason: str, actor: Actor, at: datetime) -> None:
    """End the old one. An identity that cut over in time this once is brittle no longer."""
    old, _ = pair(rotation)
    rotation.state = RotationState.RETIRED
    ending.end(old, reason=reason, at=at)
    finish(rotation, reason=reason, at=at)
    ended = changes.made({"revoked_at": at.isoformat()})
    record(CredentialEvent.RETIRED, rotation, of=old, actor=actor, reason=reason, changes=ended)
    if rotation.both_seen_at is not None and rotation.overdue_at is None:
        brittleness.clear(rotation.identity, reason="A rotation was completed in time", actor=actor)


def roll_back(rotation: Rotation, *, reason: str, actor: Actor, at: datetime) -> None:
    """End the new one; the old one works on, at its own pace again."""
    _, new = pair(rotation)
    rotation.state = RotationState.ROLLED_BACK
    ending.end(new, reason=reason, at=at)
    _unthrottle(rotation)
    finish(rotation, reason=reason, at=at)
    ended = changes.made({"revoked_at": at.isoformat()})
    record(CredentialEvent.ROLLED_BACK, rotation, of=new, actor=actor, reason=reason, changes=ended)


def settle(rotation: Rotation, move: Move, *, reason: str, at: datetime) -> None:
    """Note that one of the two has ended by other means; whoever ended it keeps the record."""
    rotation.state = RotationState.RETIRED if move is Move.END_OLD else RotationState.ROLLED_BACK
    if move is Move.END_NEW:
        _unthrottle(rotation)
    finish(rotation, reason=reason, at=at)


def distribute(rotation: Rotation, *, actor: Actor, at: datetime, how: str) -> None:
    """The new one has reached whoever uses it."""
    rotation.state, rotation.distributed_at = RotationState.DISTRIBUTED, at
    record(CredentialEvent.DISTRIBUTED, rotation, actor=actor, reason=how)


def _distribute(rotation: Rotation, at: datetime) -> None:
    _, new = pair(rotation)
    distribute(rotation, actor=ACTOR, at=new.first_used_at or at, how="It was used")


def _cut_over(rotation: Rotation, at: datetime) -> None:
    _, new = pair(rotation)
    rotation.both_seen_at = new.first_used_at
    record(CredentialEvent.CUT_OVER, rotation, actor=ACTOR)


def _fall_silent(rotation: Rotation, at: datetime) -> None:
    rotation.old_silent_at = at


def _retire(rotation: Rotation, at: datetime) -> None:
    retire(rotation, reason=SILENT if rotation.old_silent_at else PAST_DEADLINE, actor=ACTOR, at=at)


def _warn(rotation: Rotation, at: datetime) -> None:
    rotation.warned_at = at
    reason = rotation_alerts.why(rotation)
    record(CredentialEvent.CUTOVER_WARNED, rotation, actor=ACTOR, reason=reason)
    rotation_alerts.warn(rotation, reason)


def _alert(rotation: Rotation, at: datetime) -> None:
    rotation.overdue_at = at
    reason = rotation_alerts.why(rotation)
    brittleness.mark(rotation.identity, reason=reason, actor=ACTOR)
    record(CredentialEvent.CUTOVER_OVERDUE, rotation, actor=ACTOR, reason=reason)
    rotation_alerts.tell(rotation, reason)


def _throttle(rotation: Rotation, at: datetime) -> None:
    old, _ = pair(rotation)
    old.throttled_at = at
    old.save(update_fields=["throttled_at"])
    slowed = changes.made({"throttled_at": at.isoformat()})
    record(CredentialEvent.THROTTLED, rotation, of=old, actor=ACTOR, reason=SLOWED, changes=slowed)


def _end_old(rotation: Rotation, at: datetime) -> None:
    settle(rotation, Move.END_OLD, reason=ENDED_ELSEWHERE, at=at)
    record(CredentialEvent.RETIRED, rotation, actor=ACTOR, reason=ENDED_ELSEWHERE)


def _end_new(rotation: Rotation, at: datetime) -> None:
    settle(rotation, Move.END_NEW, reason=ENDED_ELSEWHERE, at=at)
    record(CredentialEvent.ROLLED_BACK, rotation, actor=ACTOR, reason=ENDED_ELSEWHERE)


def _unthrottle(rotation: Rotation) -> None:
    old, _ = pair(rotation)
    if old.throttled_at is not None:
        old.throttled_at = None
        old.save(update_fields=["throttled_at"])


_DO: dict[Move, Callable[[Rotation, datetime], None]] = {
    Move.DISTRIBUTE: _distribute,
    Move.CUT_OVER: _cut_over,
    Move.FALL_SILENT: _fall_silent,
    Move.RETIRE: _retire,
    Move.WARN: _warn,
    Move.ALERT: _alert,
    Move.THROTTLE: _throttle,
    Move.END_OLD: _end_old,
    Move.END_NEW: _end_new,
}
