"""The lines of a runbook: pure arithmetic on what is known."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identities.lifecycle import runbook
from identities.lifecycle.evidence.base import Readable
from identities.lifecycle.models import LineKind
from identities.lifecycle.runbook import Dependent, Known, Own, lines, steps_of

NOON = datetime(2031, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("procedure", "steps"),
    [
        ("", []),
        (" \n \n", []),
        ("Call them", ["Call them"]),
        ("1. Call them\n2. Revoke the key\n\n3) Ask for proof", ["Call them", "Revoke the key", "Ask for proof"]),
        ("- Call them\n* Revoke the key\n• Ask", ["Call them", "Revoke the key", "Ask"]),
        ("[ ] Call them\n[x] Revoke the key", ["Call them", "Revoke the key"]),
        ("1. Call them 2. Revoke the key 3. Ask for proof", ["Call them", "Revoke the key", "Ask for proof"]),
        ("Open the console; delete key 4; tell Ann", ["Open the console", "delete key 4", "tell Ann"]),
        ("IAM → Users → crm-sync", ["IAM", "Users", "crm-sync"]),
        ("Call +49 30 1234, ask for 2. Then wait", ["Call +49 30 1234, ask for 2. Then wait"]),
        ("Version 3.2 of the key must go", ["Version 3.2 of the key must go"]),
    ],
)
def test_a_procedure_is_split_into_its_steps(procedure: str, steps: list[str]) -> None:
    assert steps_of(procedure) == steps


@given(st.text(max_size=400))
def test_whatever_is_written_there_are_at_most_fifty_steps_and_none_is_empty(text: str) -> None:
    steps = steps_of(text)
    assert len(steps) <= runbook.MOST_STEPS
    assert all(step.strip() for step in steps)


@given(st.integers(min_value=51, max_value=300))
def test_of_a_longer_procedure_nothing_is_lost(number: int) -> None:
    steps = steps_of("\n".join(f"step {one}!" for one in range(number)))
    assert len(steps) == runbook.MOST_STEPS
    assert f"step {number - 1}!" in steps[-1]


@pytest.mark.parametrize(("tier", "hours"), [("high", 1), ("medium", 4), ("low", 24), ("unheard of", 1)])
def test_the_clock_of_a_line_is_that_of_the_tier(tier: str, hours: int) -> None:
    assert runbook.due_at(tier, NOON) == NOON + timedelta(hours=hours)


def test_only_what_is_issued_elsewhere_has_required_lines() -> None:
    assert lines(Known(procedure="Call them")) == []
    [line] = lines(Known(is_external=True, procedure="Call them"))
    assert (line.kind, line.text, line.is_required) == (LineKind.PROCEDURE, "Call them", True)
    [line] = lines(Known(is_external=True))
    assert (line.text, line.is_required) == (runbook.UNWRITTEN, True)


def test_a_secret_readable_in_two_ways_is_one_line() -> None:
    ways = ("granted until 2031-02-01", "named by schedule pay", "named by schedule pay")
    readable = [Dependent(Readable("local", "local://default", "crm", way), "7", "crm-sync") for way in ways]
    [line] = lines(Known(readable=readable))
    assert line.about["identity_id"] == "7"
    assert "granted until 2031-02-01; named by schedule pay)" in line.text


def test_a_system_is_named_once_with_the_time_until_which_it_may_hold_a_token() -> None:
    found = lines(Known(systems=["ledger", "ledger", "crm"], residual_until=NOON))
    assert [(line.about["system"], line.about["until"]) for line in found] == [
        ("ledger", NOON.isoformat()),
        ("crm", NOON.isoformat()),
    ]
    assert "until" not in lines(Known(systems=["ledger"]))[0].about


def test_the_far_side_comes_first() -> None:
    known = Known(
        is_external=True,
        procedure="Call them",
        trust_source="gitlab",
        credentials=[Own("1", "client_secret", "secret …abcd")],
        readable=[Dependent(Readable("local", "local://default", "crm", "x"))],
        systems=["ledger"],
    )
    assert [line.kind for line in lines(known)] == [
        LineKind.PROCEDURE,
        LineKind.TRUST_SOURCE,
        LineKind.CREDENTIAL,
        LineKind.DEPENDENT_SECRET,
        LineKind.DOWNSTREAM,
    ]
