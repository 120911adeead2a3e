"""When an old credential may end: the states of a rotation, each reached by evidence. Pure: no ORM, no clock.

An old credential ends when it was silent for its time and the new one was seen. Before the deadline somebody is
warned, past it told, and the tier decides; never so that a consumer is left with a credential that nobody was seen to
hold, nor punished for a new one that it cannot have yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from identities.credentials.models import AfterDeadline, RotationState
from identities.inventory.standards import DEFAULTS, Standards

#: A use is written at most five seconds after it happened: silence is believed a little later than it is reached.
LATE = timedelta(seconds=10)
#: The clock looks at least so often; after a longer pause nobody knows what was used meanwhile.
LOOK = timedelta(minutes=5)
BLIND = timedelta(minutes=15)
#: With the next look, whoever did not listen for a quarter of an hour is found out.
DEAF = timedelta(minutes=10)
#: A warning comes when this part of the overlap is left, within these bounds.
WARNED_PART = 4
WARNED_LATEST, WARNED_EARLIEST = timedelta(hours=1), timedelta(days=2)

State = RotationState
OVER = frozenset({State.RETIRED, State.ROLLED_BACK})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the policy says of one rotation: how long the old is silent, how long both may work, and what then."""

    silence: timedelta
    overlap: timedelta
    after_deadline: AfterDeadline


@dataclass(frozen=True, slots=True)
class Seen:
    """One credential of the pair: whether it works, and when it was first and last used."""

    is_live: bool
    first_at: datetime | None = None
    last_at: datetime | None = None
    is_throttled: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All a move is judged by.

    `listening_since`: from then on a use would have been seen and could have happened (the overlap had begun, the
    identity was active, the clock was looking). `is_held`: the identity is stopped, nothing can be seen. `is_awaited`:
    the new one is on its way into a vault; `delivered_at`: when it came there.
    """

    state: RotationState
    started_at: datetime
    listening_since: datetime
    deadline: datetime
    silence: timedelta
    after_deadline: AfterDeadline
    old: Seen
    new: Seen
    is_overdue: bool = False
    is_held: bool = False
    is_warned: bool = False
    is_awaited: bool = False
    delivered_at: datetime | None = None


class Move(StrEnum):
    """What happens next; `END_OLD` and `END_NEW` note what somebody else has done."""

    DISTRIBUTE = "distribute"
    CUT_OVER = "cut_over"
    FALL_SILENT = "fall_silent"
    RETIRE = "retire"
    WARN = "warn"
    ALERT = "alert"
    THROTTLE = "throttle"
    END_OLD = "end_old"
    END_NEW = "end_new"


_TO = {
    Move.DISTRIBUTE: State.DISTRIBUTED,
    Move.CUT_OVER: State.BOTH_SEEN,
    Move.FALL_SILENT: State.OLD_SILENT,
    Move.RETIRE: State.RETIRED,
    Move.END_OLD: State.RETIRED,
    Move.END_NEW: State.ROLLED_BACK,
}


def terms(risk_tier: str, *, cadence_seconds: int | None, standards: Standards = DEFAULTS) -> Terms:
    """By risk tier, and by the known cadence: a weekly job is not silent after an hour.

    Silence is twice the cadence where that is longer than the tier's; the overlap then lasts at least twice the
    silence, so that a job that works seldom has its turn.
    """
    silence = timedelta(hours=standards.silent_hours[risk_tier])
    overlap = timedelta(hours=standards.overlap_hours[risk_tier])
    by_cadence = timedelta(seconds=2 * (cadence_seconds or 0))
    if by_cadence > silence:
        silence, overlap = by_cadence, max(overlap, 2 * by_cadence)
    return Terms(silence, overlap, AfterDeadline(standards.after_deadline[risk_tier]))


def moves(facts: Facts, at: datetime) -> Iterator[tuple[Move, Facts]]:
    """Every move that the evidence carries at `at`, in order, each with the facts as they are after it."""
    while (move := next_move(facts, at)) is not None:
        facts = after(facts, move)
        yield move, facts


def next_move(facts: Facts, at: datetime) -> Move | None:
    """The next move, or None while there is nothing to do but wait."""
    if facts.state in OVER:
        return None
    if not facts.new.is_live:
        return Move.END_NEW
    if not facts.old.is_live:
        return Move.END_OLD
    if facts.is_held:
        return None
    return _forward(facts, at) or (_overdue(facts, at) if at >= due_at(facts) else _ahead(facts, at))


def after(facts: Facts, move: Move) -> Facts:
    """The facts once `move` is made."""
    if move is Move.WARN:
        return replace(facts, is_warned=True)
    if move is Move.ALERT:
        return replace(facts, is_overdue=True)
    if move is Move.THROTTLE:
        return replace(facts, old=replace(facts.old, is_throttled=True))
    old = replace(facts.old, is_live=False) if move is Move.RETIRE else facts.old
    return replace(facts, state=_TO[move], old=old)


def look_at(facts: Facts, at: datetime) -> datetime | None:
    """When to look again, at most `LOOK` from `at`; None when it is over. Precise where a date is known."""
    if facts.state in OVER:
        return None
    dates = [at + LOOK]
    if not facts.is_held:
        dates += [silent_from(facts)] if facts.state == State.BOTH_SEEN else []
        dates += [date for date in (warn_at(facts), due_at(facts), acts_at(facts)) if date and date > at]
    return max(at, min(dates))


def silent_from(facts: Facts) -> datetime:
    """When the old one will have been silent for its time, if nobody uses it again."""
    return _heard(facts) + facts.silence + LATE


def due_at(facts: Facts) -> datetime:
    """When the overlap should be over: the deadline, or one silence after somebody began to listen again."""
    if facts.listening_since <= facts.started_at:
        return facts.deadline
    return max(facts.deadline, facts.listening_since + facts.silence + LATE)


def warn_at(facts: Facts) -> datetime:
    """When owner and team are to know what is about to happen: a quarter of the overlap before, at most two days."""
    ahead = (facts.deadline - facts.started_at) / WARNED_PART
    return due_at(facts) - min(max(ahead, WARNED_LATEST), WARNED_EARLIEST)


def acts_at(facts: Facts) -> datetime | None:
    """When the tier may decide; None while the new one cannot be had. Whoever gets it late has one silence."""
    if facts.is_awaited and facts.state == State.ISSUED:
        return None
    given = facts.delivered_at
    return max(due_at(facts), given + facts.silence + LATE) if given else due_at(facts)


def is_blind(looked_at: datetime, at: datetime, listening_until: datetime | None = None) -> bool:
    """Whether nobody looked for so long that what was written until `looked_at` says nothing of the time since.

    Or nobody listened: `listening_until` is when the processes that serve tokens last wrote down what they had seen.
    """
    return at - looked_at > BLIND or (listening_until is not None and at - listening_until > DEAF)


def _forward(facts: Facts, at: datetime) -> Move | None:
    is_new_seen = facts.new.first_at is not None
    if facts.state == State.OLD_SILENT:
        return Move.RETIRE
    if facts.state == State.BOTH_SEEN:
        return Move.FALL_SILENT if at >= silent_from(facts) else None
    if not is_new_seen:
        return None
    return Move.DISTRIBUTE if facts.state == State.ISSUED else Move.CUT_OVER


def _ahead(facts: Facts, at: datetime) -> Move | None:
    """Before the deadline: a warning, where somebody is about to be slowed down or refused."""
    if facts.is_warned or facts.after_deadline == AfterDeadline.ALERT or at < warn_at(facts):
        return None
    last = facts.old.last_at
    is_used = last is not None and at < last + facts.silence + LATE
    return Move.WARN if is_used or facts.new.first_at is None else None


def _overdue(facts: Facts, at: datetime) -> Move | None:
    """Past the deadline: tell, then do as the tier says. One that nobody holds yet is no reason to end the other."""
    if not facts.is_overdue:
        return Move.ALERT
    acting = acts_at(facts)
    if acting is None or at < acting:
        return None
    if facts.after_deadline == AfterDeadline.RETIRE and facts.state == State.BOTH_SEEN:
        return Move.RETIRE
    is_slowed = facts.after_deadline != AfterDeadline.ALERT
    return Move.THROTTLE if is_slowed and not facts.old.is_throttled else None


def _heard(facts: Facts) -> datetime:
    return max(facts.listening_since, facts.started_at, facts.old.last_at or facts.started_at)
