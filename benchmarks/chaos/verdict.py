"""The checker: judges a history. It knows what was promised and nothing of the code that promises it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.chaos.history import Call, Gap, History, Kill, Move, Run

FOUND_WITHIN = timedelta(seconds=60)
OPEN = frozenset({"due", "claimed", "running"})
#: A run is taken, begun, and given back any number of times before it ends; skipped ones and untaken ends are short.
PATH = re.compile(
    r"skipped|due( claimed( started)? (resumed|deferred|retried))*"
    r" (cancelled|expired|claimed( started)? (succeeded|failed|refused|cancelled|expired))"
)
LEFT = frozenset(
    {"resumed", "deferred", "retried", "succeeded", "failed", "refused", "skipped", "cancelled", "expired"}
)
#: Told beside the moves of a run, and no move of their own.
BESIDE = frozenset({"step_finished", "credential_failed", "cancel_requested"})


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: what, the bound, what was found, and whether that is within it."""

    what: str
    wanted: str
    found: str
    is_kept: bool = True


@dataclass
class Verdict:
    """The lines of the table, and what is wrong, named."""

    lines: list[Line] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        return all(line.is_kept for line in self.lines)

    def none_of(self, what: str, faults: Iterable[str]) -> None:
        """`what` must be empty."""
        found = sorted(faults)
        self.lines.append(Line(what, "0", str(len(found)), not found))
        if found:
            self.faults[what] = found


def judge(history: History) -> Verdict:
    """Everything that was promised of runs, asked of what is there."""
    verdict = Verdict()
    ours = [run for run in history.runs if (run.schedule, run.scheduled_for) in history.expected]
    planned = {name for name, _ in history.expected}
    fired = Counter((run.schedule, run.scheduled_for) for run in history.runs if run.scheduled_for)
    verdict.lines.append(Line("occurrences that were due", "", str(len(history.expected))))
    verdict.none_of("lost: no run record", (_named(*key) for key in history.expected - set(fired)))
    verdict.none_of("lost: the run did not succeed", _unsuccessful(ours))
    verdict.none_of(
        "run records doubled", (f"{_named(*key)}: {count} times" for key, count in fired.items() if count > 1)
    )
    early = (_named(*key) for key in fired if key[0] in planned and key not in history.expected)
    verdict.none_of("fired and not due", early)
    verdict.none_of("calls with other than one effect", _effects(history, ours))
    verdict.none_of("stuck at the end", (f"{run.id} {run.state}" for run in history.runs if run.state in OPEN))
    verdict.none_of("state moves without exactly one audit record", _unrecorded(history))
    if history.must_hit:
        _held(verdict, history)
    again = len(history.calls) - len({call.key for call in history.calls})
    verdict.lines.append(Line("requests sent again (same key, no second effect)", "any", str(again)))
    return verdict


def _named(schedule: str, at: datetime) -> str:
    return f"{schedule} at {at:%H:%M}"


def _unsuccessful(runs: Iterable[Run]) -> Iterable[str]:
    for run in runs:
        if run.state != "succeeded":
            yield f"{run.id} of {run.schedule}: {run.state} {run.code}"


def _effects(history: History, runs: list[Run]) -> Iterable[str]:
    """Each call of each occurrence has had one key, which is its run's, and no key served two."""
    keys: dict[tuple[str, datetime, str], set[str]] = defaultdict(set)
    served: dict[str, set[tuple[str, datetime, str]]] = defaultdict(set)
    for call in history.calls:
        keys[_whose(call)].add(call.key)
        served[call.key].add(_whose(call))
    wanted = {(run.schedule, run.scheduled_for, step): f"{run.id}:{step}" for run in runs for step in history.steps}
    for whose, key in wanted.items():
        if keys.pop(whose, set()) != {key}:  # type: ignore[arg-type]
            yield f"{whose[0]} {whose[1]:%H:%M} {whose[2]}: not exactly the effect of {key}"
    for whose in keys:
        yield f"{whose[0]} {whose[1]:%H:%M} {whose[2]}: an effect of no run"
    for key, several in served.items():
        if len(several) > 1:
            yield f"{key} served {len(several)} calls"


def _whose(call: Call) -> tuple[str, datetime, str]:
    return call.schedule, call.scheduled_for, call.step


def _unrecorded(history: History) -> Iterable[str]:
    """The records of each run are one path through the states, and as many as its row has counted."""
    for run in history.runs:
        events = [move.event for move in history.moves.get(run.id, []) if move.event not in BESIDE]
        path = " ".join(events)
        if run.state in OPEN:
            continue  # said already: it is stuck
        if not PATH.fullmatch(path) or not path.endswith(run.state):
            yield f"{run.id} {run.state}: {path}"
            continue
        counted = Counter(events)
        told = (counted["claimed"], counted["resumed"], counted["retried"] + 1)
        if told != (run.claims, run.resumes, run.attempt):
            yield f"{run.id}: row counts {run.claims}, {run.resumes}, {run.attempt}; records {told}"
    known = {run.id for run in history.runs}
    yield from (f"{run}: records of a run that is not there" for run in history.moves if run not in known)


def _held(verdict: Verdict, history: History) -> None:
    """How long each run that a killed process held was with nobody; what it waited for a store is said apart."""
    waits = [wait for kill in history.kills for wait in _waits(kill, history.moves)]
    found = [(run, begin, end, _but_for(history.gaps, begin, end)) for run, begin, end in waits if end is not None]
    late = [f"{run}: {took}" for run, _, _, took in found if took > FOUND_WITHIN]
    late += [f"{run}: never" for run, _, end in waits if end is None]
    longest = max((took.total_seconds() for *_, took in found), default=0.0)
    whole = max(((end - begin).total_seconds() for _, begin, end, _ in found), default=0.0)
    verdict.lines.append(Line("runs that a killed process held", "some", str(len(waits)), bool(waits)))
    verdict.lines.append(Line("longest until such a run was found", "≤ 60 s", f"{longest:.1f} s", not late))
    verdict.lines.append(Line("the same, with the time in which database or broker were away", "", f"{whole:.1f} s"))
    if late:
        verdict.faults["found too late"] = late


def _but_for(gaps: Iterable[Gap], begin: datetime, end: datetime) -> timedelta:
    """From begin to end, without the time in which a store was away."""
    at, counted = begin, timedelta()
    for gap in sorted(gaps, key=lambda gap: gap.begin):
        if gap.end > at and gap.begin < end:
            counted += max(timedelta(), gap.begin - at)
            at = min(max(at, gap.end), end)
    return counted + max(timedelta(), end - at)


def _waits(kill: Kill, moves: dict[str, list[Move]]) -> Iterable[tuple[str, datetime, datetime | None]]:
    """The runs that the process held: which, from when and until when they were with nobody."""
    for run, path in moves.items():
        before = [move for move in path if move.at <= kill.at and move.event not in BESIDE]
        taken = next((move for move in reversed(before) if move.event == "claimed"), None)
        if taken is None or not _is_of(taken.worker, kill.pids):
            continue
        if any(move.event in LEFT for move in before[before.index(taken) :]):
            continue
        left = next((move.at for move in path if move.at > kill.at and move.event in LEFT), None)
        yield run, kill.at, left


def _is_of(worker: str, pids: tuple[int, ...]) -> bool:
    parts = worker.split(":")
    return len(parts) > 1 and parts[1].isdigit() and int(parts[1]) in pids


def table(columns: dict[str, list[Line]]) -> str:
    """The rows for the documentation, a column each; what is not within its bound is in bold."""
    rows: dict[str, tuple[str, dict[str, str]]] = {}
    for column, lines in columns.items():
        for line in lines:
            told = rows.setdefault(line.what, (line.wanted, {}))
            told[1][column] = line.found if line.is_kept else f"**{line.found}**"
    head = ["what", "wanted", *columns]
    made = [head, ["---"] * len(head)]
    made += [[what, wanted, *(cells.get(column, "–") for column in columns)] for what, (wanted, cells) in rows.items()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in made)
