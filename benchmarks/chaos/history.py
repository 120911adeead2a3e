"""What is left of a run of chaos, as facts: read by plain SQL and out of two log files, never through the product."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """A row of the run table, with the counters that its audit records must agree with."""

    id: str
    schedule: str
    scheduled_for: datetime | None
    state: str
    code: str = ""
    attempt: int = 1
    resumes: int = 0
    claims: int = 1


@dataclass(frozen=True, slots=True)
class Move:
    """An audit record of a run's move: `event` without `run.`, and who took it, where it was taken."""

    event: str
    at: datetime
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that the receiver had."""

    key: str
    at: datetime
    schedule: str
    scheduled_for: datetime
    step: str


@dataclass(frozen=True, slots=True)
class Kill:
    """A SIGKILL: when, to what kind of process, and which pids it hit."""

    at: datetime
    kind: str
    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """When a store (database or broker) was away."""

    store: str
    begin: datetime
    end: datetime


@dataclass
class History:
    """Everything that the verdict is made of. `expected` are the occurrences that had to run, `steps` the calls each
    of them makes; `must_hit` says that a history in which no kill hit a run shows nothing."""

    expected: set[tuple[str, datetime]]
    steps: tuple[str, ...]
    runs: list[Run] = field(default_factory=list)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    must_hit: bool = True


def runs_and_moves(address: str) -> tuple[list[Run], dict[str, list[Move]]]:
    """Every run of the database at `address` and the records of each, in the order of writing."""
    import psycopg

    with psycopg.connect(address) as database:
        rows = database.execute(
            # Names of schedules are told apart within a tenant only.
            "SELECT r.id::text, CASE WHEN s.name LIKE 'due-%' THEN s.name ELSE s.name || ' ' || s.tenant_id END,"
            " r.scheduled_for, r.state, r.code, r.attempt, r.resumes, r.lease_epoch"
            " FROM scheduling_schedulerun r JOIN scheduling_schedule s ON s.id = r.schedule_id"
        ).fetchall()
        events = database.execute(
            "SELECT subject_id, type, recorded_at, details->>'worker' FROM audit_auditevent"
            " WHERE subject_kind = 'run' AND type LIKE 'run.%' ORDER BY id"
        ).fetchall()
    moves: dict[str, list[Move]] = defaultdict(list)
    for run, event, at, worker in events:
        moves[run].append(Move(event.removeprefix("run."), at, worker or ""))
    return [Run(*row) for row in rows], dict(moves)


def sealed_events(address: str) -> Iterator[dict[str, Any]]:
    """The audit's events with their seals, in the order of the seals; one without a seal comes last."""
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(address, row_factory=dict_row) as database:
        yield from database.execute(
            "SELECT e.*, s.seq, s.mac FROM audit_auditevent e LEFT JOIN audit_auditseal s ON s.event_id = e.id"
            " ORDER BY s.seq NULLS LAST"
        )


def calls_in(log: Path) -> list[Call]:
    """The requests of a receiver's log."""
    return [
        Call(line["key"], _moment(line["at"]), line["schedule"], _moment(line["scheduledFor"]), line["step"])
        for line in _lines(log)
    ]


def kills_in(log: Path) -> list[Kill]:
    """The kills of a harness' log."""
    return [Kill(_moment(line["at"]), line["kind"], tuple(line["pids"])) for line in _lines(log)]


def _lines(log: Path) -> Iterator[dict[str, Any]]:
    for line in log.read_text().splitlines():
        yield json.loads(line)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
