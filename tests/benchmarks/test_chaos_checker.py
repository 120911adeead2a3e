"""The checker of the chaos finds each fault that is planted, and none where there is none."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from audit import sealing, services as audit
from audit.actors import Actor, Subject
from audit.models import AuditEvent
from benchmarks.chaos import chain, cron, plan, verdict
from benchmarks.chaos.history import Call, Gap, History, Kill, Move, Run

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STEPS = ("pay", "tell")
WORKER, OTHER = "host:71:1", "host:72:1"


def second(number: float) -> datetime:
    return AT + timedelta(seconds=number)


def sound() -> History:
    """Three occurrences; the worker of the second was killed, and another went on with it."""
    plain = [("due", 1, ""), ("claimed", 2, OTHER), ("started", 2, ""), ("step_finished", 3, ""), ("succeeded", 4, "")]
    killed = [
        ("due", 1, ""), ("claimed", 2, WORKER), ("started", 2, ""), ("resumed", 58, ""), ("claimed", 59, OTHER),
        ("started", 59, ""), ("step_finished", 60, ""), ("succeeded", 61, ""),
    ]  # fmt: skip
    moves = {name: [Move(event, second(at), by) for event, at, by in path]
             for name, path in {"r1": plain, "r2": killed, "r3": plain}.items()}  # fmt: skip
    runs = [Run(name, name.replace("r", "s"), AT, "succeeded") for name in ("r1", "r2", "r3")]
    runs[1] = replace(runs[1], resumes=1, claims=2)
    calls = [Call(f"{run.id}:{step}", second(3), run.schedule, AT, step) for run in runs for step in STEPS]
    calls.append(calls[2])
    expected = {(run.schedule, AT) for run in runs}
    return History(expected, STEPS, runs, moves, calls, [Kill(second(5), "worker", (71,))])


def faults(history: History) -> set[str]:
    return set(verdict.judge(history).faults)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    found = verdict.judge(sound())
    assert (found.is_kept, found.faults) == (True, {})
    assert {line.what: line.found for line in found.lines}["longest until such a run was found"] == "53.0 s"


def lose_the_record(history: History) -> None:
    gone = history.runs.pop()
    del history.moves[gone.id]
    history.calls = [call for call in history.calls if not call.key.startswith(gone.id)]


def fail_the_run(history: History) -> None:
    history.runs[0] = replace(history.runs[0], state="failed", code="worker_lost")
    history.moves["r1"][-1] = replace(history.moves["r1"][-1], event="failed")


def double_the_record(history: History) -> None:
    history.runs.append(replace(history.runs[0], id="r9"))
    history.moves["r9"] = history.moves["r1"]


def fire_ahead_of_time(history: History) -> None:
    history.runs.append(replace(history.runs[0], id="r9", scheduled_for=AT + timedelta(hours=1)))
    history.moves["r9"] = history.moves["r1"]


def pay_twice(history: History) -> None:
    history.calls.append(replace(history.calls[0], key="r1:pay:2"))


def never_tell(history: History) -> None:
    history.calls = [call for call in history.calls if call.key != "r3:tell"]


def share_a_key(history: History) -> None:
    history.calls[4] = replace(history.calls[4], key="r1:pay")


def pay_for_nobody(history: History) -> None:
    history.calls.append(Call("r8:pay", AT, "s8", AT, "pay"))


def leave_it_running(history: History) -> None:
    history.runs[2] = replace(history.runs[2], state="running")
    del history.moves["r3"][-1]


def drop_a_record(history: History) -> None:
    del history.moves["r1"][1]


def drop_the_last_record(history: History) -> None:
    del history.moves["r1"][-1]


def record_twice(history: History) -> None:
    history.moves["r1"].append(history.moves["r1"][-1])


def drop_a_whole_turn(history: History) -> None:
    """What is left is a path, but shorter than the row says."""
    del history.moves["r2"][1:4]


def record_nothing(history: History) -> None:
    del history.moves["r3"]


def record_a_stranger(history: History) -> None:
    history.moves["r7"] = history.moves["r1"]


def find_it_late(history: History) -> None:
    history.moves["r2"] = [
        replace(move, at=move.at + timedelta(seconds=20)) if move.at > second(50) else move
        for move in history.moves["r2"]
    ]


def never_find_it(history: History) -> None:
    history.runs[1] = replace(history.runs[1], state="running", resumes=0, claims=1)
    del history.moves["r2"][3:]


UNRECORDED = "state moves without exactly one audit record"
EFFECTS = "calls with other than one effect"


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lose_the_record, {"lost: no run record"}),
        (fail_the_run, {"lost: the run did not succeed"}),
        (double_the_record, {"run records doubled"}),
        (fire_ahead_of_time, {"fired and not due"}),
        (pay_twice, {EFFECTS}),
        (never_tell, {EFFECTS}),
        (share_a_key, {EFFECTS}),
        (pay_for_nobody, {EFFECTS}),
        (leave_it_running, {"stuck at the end", "lost: the run did not succeed"}),
        (drop_a_record, {UNRECORDED}),
        (drop_the_last_record, {UNRECORDED}),
        (record_twice, {UNRECORDED}),
        (drop_a_whole_turn, {UNRECORDED}),
        (record_nothing, {UNRECORDED}),
        (record_a_stranger, {UNRECORDED}),
        (find_it_late, {"found too late"}),
        (never_find_it, {"found too late", "stuck at the end", "lost: the run did not succeed"}),
    ],
)
def test_what_is_planted_is_found(plant: Callable[[History], None], found: set[str]) -> None:
    history = deepcopy(sound())
    plant(history)
    assert not verdict.judge(history).is_kept
    assert found <= faults(history)
    assert faults(history) - found <= {EFFECTS}  # whatever has a second record lacks its effects as well


@pytest.mark.parametrize(
    ("gaps", "is_kept"),
    [
        ([(50, 70)], True),  # twenty seconds of the seventy-three are the store's
        ([(0, 3), (80, 90)], False),  # before and after
        ([(50, 60), (52, 58), (55, 61)], False),  # counted once: eleven seconds
        ([(50, 60), (55, 64)], True),
    ],
)
def test_what_was_waited_for_a_store_is_told_apart(gaps: list[tuple[int, int]], is_kept: bool) -> None:
    history = sound()
    find_it_late(history)
    history.gaps = [Gap("redis", second(begin), second(end)) for begin, end in gaps]
    assert verdict.judge(history).is_kept is is_kept


def test_a_run_of_chaos_that_hit_nothing_shows_nothing() -> None:
    history = sound()
    history.kills = []
    assert not verdict.judge(history).is_kept


@pytest.mark.parametrize("first", [AT, AT + timedelta(minutes=53), datetime(2026, 11, 22, 23, 57, tzinfo=UTC)])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_planned_comes_due_as_often_as_asked_and_only_then(seed: int, first: datetime) -> None:
    due = plan.schedules(seed, first, 7, 100)
    end = first + timedelta(minutes=6)
    assert sum(len(list(cron.occurrences(one.cron, one.zone, first, end))) for one in due) == 100
    later = [list(cron.occurrences(one.cron, one.zone, end + cron.MINUTE, end + timedelta(minutes=40))) for one in due]
    assert not any(later)


@pytest.mark.parametrize(
    ("expression", "zone", "matches"),
    [
        ("0-4/2 12 * * *", "UTC", [0, 2, 4]),
        ("*/30 * * * *", "Asia/Kolkata", [0, 30]),
        ("15,45 17 * * *", "Asia/Kathmandu", [0]),
        ("0 13 * * *", "Europe/Berlin", [0]),
    ],
)
def test_the_checkers_calendar(expression: str, zone: str, matches: list[int]) -> None:
    found = cron.occurrences(expression, zone, AT, AT + timedelta(minutes=44))
    assert list(found) == [AT + timedelta(minutes=minute) for minute in matches]


def test_a_plan_is_the_same_for_the_same_seed_and_has_its_kills() -> None:
    blows = plan.blows(3, 200, 420.0)
    assert blows == plan.blows(3, 200, 420.0) != plan.blows(4, 200, 420.0)
    assert sum(blow.kind in plan.SHARES for blow in blows) == 200
    assert {blow.kind for blow in blows} == {*plan.SHARES, *plan.CRASHES}


# The chain, walked by other code than the product's.


@pytest.fixture
def sealed(db: None) -> list[dict[str, Any]]:
    with transaction.atomic():
        for number in range(4):
            subject = Subject(kind="run", id=str(number), label="ä\n", tenant_id=None)
            audit.record("run.due", actor=Actor.system("test"), subject=subject, details={"number": number, "x": None})
    sealing.seal_all()
    rows = AuditEvent.objects.select_related("seal").order_by("seal__seq")
    columns = [field.attname for field in AuditEvent._meta.concrete_fields]
    return [{name: getattr(row, name) for name in columns} | {"seq": row.seal.seq, "mac": row.seal.mac} for row in rows]


def walked(events: list[dict[str, Any]]) -> list[str]:
    return chain.problems(events, settings.STEWARD_ENCRYPTION_KEY)


def test_a_chain_of_ours_holds(sealed: list[dict[str, Any]]) -> None:
    assert len(sealed) >= 4
    assert walked(sealed) == []


@pytest.mark.parametrize("member", ["reason", "type", "recorded_at", "details", "mac", "seq"])
def test_a_changed_record_breaks_it(sealed: list[dict[str, Any]], member: str) -> None:
    changed = {"recorded_at": AT, "details": {"number": 9}, "seq": 77}
    sealed[-2] = sealed[-2] | {member: changed.get(member, "other")}
    assert len(walked(sealed)) == 1


def test_a_missing_and_an_unsealed_record_are_named(sealed: list[dict[str, Any]]) -> None:
    assert "breaks at" in walked(sealed[:1] + sealed[2:])[0]
    assert "not sealed" in walked([*sealed[:-1], sealed[-1] | {"seq": None, "mac": None}])[0]
