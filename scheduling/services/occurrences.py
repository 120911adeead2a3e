"""Which due occurrences run, which are skipped, and which wait for the next look. Pure: no ORM, no clock.

Words: an occurrence is *missed* when it is found more than `GRACE` after its time; a *backlog* is everything found at
one look when at least one of it is missed. The misfire policy decides over a backlog:

- `skip`: the missed ones are skipped, the others run;
- `run_once`: the newest one runs for all of them;
- `run_all`: the newest `CATCH_UP` run, one after the other; older ones are skipped.

The overlap policy decides over what comes while an earlier run of the clock is still open (due, claimed or running);
occurrences found at one look never overlap each other: they wait their turn when they are claimed. Nothing is ever
dropped: each occurrence ends in exactly one of the lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduling.models import MisfirePolicy, OverlapPolicy

GRACE = timedelta(minutes=5)
CATCH_UP = 100
#: So many occurrences of a schedule are looked at in one transaction; after a long outage the rest comes later.
LOOK = CATCH_UP + 200

MISFIRE, OVERLAP = "misfire", "overlap"


@dataclass(frozen=True, slots=True)
class Skip:
    """An occurrence that gets a row and no run; `code` is one of `MISFIRE` and `OVERLAP`."""

    at: datetime
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look: `run` and `skip` get rows now, `rest` (oldest first) is left for the next look."""

    run: tuple[datetime, ...] = ()
    skip: tuple[Skip, ...] = ()
    rest: tuple[datetime, ...] = ()
    cancels: bool = False


def sort(due: Sequence[datetime], *, policy: str, at: datetime) -> Look:
    """Apply the misfire policy to `due` (ascending, not empty, all at or before `at`).

    A list of `LOOK` or more is taken as cut off: its oldest are skipped (under every policy there are enough newer
    ones) and the newest `CATCH_UP` are left, so that the policy sees the end of the backlog whole.
    """
    if len(due) >= LOOK:
        cut = len(due) - CATCH_UP
        return Look(skip=_missed(due[:cut], policy), rest=tuple(due[cut:]))
    late = [moment for moment in due if at - moment > GRACE]
    if not late:
        return Look(run=tuple(due))
    if policy == MisfirePolicy.SKIP:
        return Look(run=tuple(due[len(late) :]), skip=_missed(late, policy))
    keep = 1 if policy == MisfirePolicy.RUN_ONCE else CATCH_UP
    return Look(run=tuple(due[-keep:]), skip=_missed(due[:-keep], policy))


def admit(look: Look, *, policy: str, limit: int | None, is_open: int, is_waiting: int) -> Look:
    """Apply the overlap policy to what `sort` lets run, given the schedule's earlier runs of the clock.

    `is_open` counts those due, claimed or running, `is_waiting` those of them that have not begun.
    """
    if not is_open:
        return look
    room = {
        OverlapPolicy.SKIP.value: 0,
        OverlapPolicy.QUEUE_ONE.value: max(0, 1 - is_waiting),
        OverlapPolicy.ALLOW.value: len(look.run) if limit is None else max(0, limit - is_open),
        OverlapPolicy.CANCEL_PREVIOUS.value: len(look.run),
    }[str(policy)]
    over = tuple(Skip(moment, OVERLAP, _overlap_reason(policy)) for moment in look.run[room:])
    cancels = policy == OverlapPolicy.CANCEL_PREVIOUS and bool(look.run)
    return Look(run=look.run[:room], skip=(*look.skip, *over), rest=look.rest, cancels=cancels)


def _missed(moments: Sequence[datetime], policy: str) -> tuple[Skip, ...]:
    minutes = int(GRACE.total_seconds() // 60)
    reason = {
        MisfirePolicy.SKIP.value: f"Found more than {minutes} minutes late; missed occurrences are skipped",
        MisfirePolicy.RUN_ONCE.value: "Missed; a later occurrence runs once for all that were missed",
        MisfirePolicy.RUN_ALL.value: f"Missed; only the newest {CATCH_UP} are caught up",
    }[str(policy)]
    return tuple(Skip(moment, MISFIRE, reason) for moment in moments)


def _overlap_reason(policy: str) -> str:
    return {
        OverlapPolicy.SKIP.value: "The earlier run had not finished",
        OverlapPolicy.QUEUE_ONE.value: "The earlier run had not finished and another was waiting",
        OverlapPolicy.ALLOW.value: "As many runs as may overlap had not finished",
    }[str(policy)]
