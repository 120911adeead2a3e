"""Reads the run table, the audit and the receiver's log, and decides. Knows nothing of the product's code."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

MOVES = re.compile(r"due( claimed( started( resumed| deferred)| resumed))* claimed started succeeded")


@dataclass
class Findings:
    runs: int = 0
    resumed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    without_effect: list[str] = field(default_factory=list)
    strange_keys: list[str] = field(default_factory=list)
    repeated_after_the_end: list[str] = field(default_factory=list)
    moves_without_record: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        return {name: value for name, value in vars(self).items() if isinstance(value, list) and value}


Query = Callable[[str], list[tuple[Any, ...]]]


def sqlite(database: Path) -> Query:
    """Asks the file itself."""

    def ask(text: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(database, timeout=20)) as db:
            return db.execute(text).fetchall()

    return ask


def postgres(address: str) -> Query:
    """Asks the server itself."""
    import psycopg

    def ask(text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(address) as db:
            return db.execute(text).fetchall()

    return ask


def unfinished(ask: Query) -> list[tuple[Any, ...]]:
    """What stands in the way: state, code, reason, resumes and how many runs are alike in it."""
    return ask(
        "SELECT state, code, reason, resumes, count(*) FROM scheduling_schedulerun WHERE state != 'succeeded'"
        " GROUP BY state, code, reason, resumes"
    )


def open_runs(ask: Query) -> int:
    return int(ask("SELECT count(*) FROM scheduling_schedulerun WHERE state != 'succeeded'")[0][0])


def all_runs(ask: Query) -> int:
    return int(ask("SELECT count(*) FROM scheduling_schedulerun")[0][0])


def check(ask: Query, delivered: list[tuple[str, datetime]], *, since: int) -> Findings:
    """`delivered` is each request's key and time; `since` is how many occurrences there had to be."""
    found = Findings()
    rows = ask("SELECT id, schedule_id, scheduled_for, state, resumes FROM scheduling_schedulerun")
    steps = ask("SELECT run_id, name, finished_at FROM scheduling_runstep WHERE name IN ('pay', 'tell')")
    events = ask("SELECT subject_id, type FROM audit_auditevent WHERE subject_kind = 'run' ORDER BY id")
    found.runs, found.resumed = len(rows), sum(row[4] > 0 for row in rows)
    occurrences = Counter((row[1], row[2]) for row in rows)
    found.doubled += [str(key) for key, times in occurrences.items() if times > 1]
    found.lost += [str(row[0]) for row in rows if row[3] != "succeeded"]
    found.lost += ["occurrence"] * max(0, since - len(rows))
    _check_effects(found, [_id(row[0]) for row in rows], delivered, steps)
    _check_records(found, [_id(row[0]) for row in rows], events)
    return found


def _check_effects(
    found: Findings, runs: list[str], delivered: list[tuple[str, datetime]], steps: list[tuple[Any, ...]]
) -> None:
    wanted = {f"{run}:{node}" for run in runs for node in ("pay", "tell")}
    effects = {key for key, _ in delivered}
    found.without_effect += sorted(wanted - effects)
    found.strange_keys += sorted(effects - wanted)
    ended = {f"{_id(run)}:{name}": _moment(at) for run, name, at in steps if at}
    found.repeated_after_the_end += [key for key, at in delivered if key in ended and at > ended[key]]


def _check_records(found: Findings, runs: list[str], events: list[tuple[Any, ...]]) -> None:
    moves: dict[str, list[str]] = {run: [] for run in runs}
    for run, event in events:
        if event != "run.step_finished":
            moves[run].append(event.removeprefix("run."))
    found.moves_without_record += [
        f"{run}: {' '.join(path)}" for run, path in moves.items() if not MOVES.fullmatch(" ".join(path))
    ]


def _id(value: object) -> str:
    return str(UUID(str(value)))


def _moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(f"{value}+00:00")
