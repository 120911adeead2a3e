"""The machine by itself: what evidence moves, what time moves, and what is never done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, strategies as st

from identities.credentials.models import AfterDeadline, RotationState as State
from identities.credentials.rotation import (
    BLIND,
    LATE,
    LOOK,
    OVER,
    Facts,
    Move,
    Seen,
    due_at,
    is_blind,
    look_at,
    moves,
    next_move,
    silent_from,
    terms,
)
from identities.inventory.standards import DEFAULTS

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDER = [State.ISSUED, State.DISTRIBUTED, State.BOTH_SEEN, State.OLD_SILENT, State.RETIRED]

spans = st.integers(0, 400 * 3600).map(lambda seconds: timedelta(seconds=seconds))
instants = spans.map(lambda span: START + span)


@st.composite
def seen(draw: st.DrawFn) -> Seen:
    first, last = draw(st.one_of(st.none(), st.tuples(instants, instants).map(sorted))) or (None, None)
    return Seen(draw(st.sampled_from([True, True, True, False])), first, last, draw(st.booleans()))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    return Facts(
        state=draw(st.sampled_from([*State])),
        started_at=START,
        listening_since=START + draw(st.one_of(st.just(timedelta()), spans)),
        deadline=START + draw(spans),
        silence=draw(st.integers(1, 100)) * HOUR,
        after_deadline=draw(st.sampled_from([*AfterDeadline])),
        old=draw(seen()),
        new=draw(seen()),
        is_overdue=draw(st.booleans()),
        is_held=draw(st.booleans()),
    )


def begun(**changed: object) -> Facts:
    plain = Facts(
        state=State.ISSUED,
        started_at=START,
        listening_since=START,
        deadline=START + 48 * HOUR,
        silence=HOUR,
        after_deadline=AfterDeadline.ALERT,
        old=Seen(is_live=True),
        new=Seen(is_live=True),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def done(found: Facts, at: datetime) -> list[Move]:
    return [move for move, _ in moves(found, at)]


def settled(found: Facts, at: datetime) -> Facts:
    return [found, *(after for _, after in moves(found, at))][-1]


def used(first: datetime, last: datetime | None = None) -> Seen:
    return Seen(is_live=True, first_at=first, last_at=last or first)


# What is never done


@given(facts(), instants)
def test_the_old_one_is_never_retired_while_it_is_used_unless_the_tier_says_so_past_the_deadline(
    found: Facts, at: datetime
) -> None:
    assume(found.state not in (State.OLD_SILENT, *OVER))
    if Move.RETIRE not in done(found, at):
        return
    assert found.new.first_at is not None or found.state == State.BOTH_SEEN
    is_silent = at - max(found.old.last_at or START, START) >= found.silence
    is_told_to = found.after_deadline == AfterDeadline.RETIRE and at >= found.deadline
    assert is_silent or is_told_to


@given(facts(), instants)
def test_one_of_the_two_always_lives(found: Facts, at: datetime) -> None:
    assume(found.old.is_live or found.new.is_live)
    for _, after in moves(found, at):
        assert after.old.is_live or after.new.is_live


@given(facts(), instants)
def test_a_state_is_never_left_backwards(found: Facts, at: datetime) -> None:
    states = [found.state, *(after.state for _, after in moves(found, at))]
    forward = [ORDER.index(state) for state in states if state in ORDER]
    assert forward == sorted(forward)
    assert State.ROLLED_BACK not in states[:-1] or set(states) == {State.ROLLED_BACK}


@given(facts(), instants)
def test_done_again_at_the_same_instant_nothing_happens(found: Facts, at: datetime) -> None:
    found = settled(found, at)
    assert next_move(found, at) is None


@given(facts(), instants)
def test_a_stopped_identity_stands_still(found: Facts, at: datetime) -> None:
    held = replace(found, is_held=True, old=replace(found.old, is_live=True), new=replace(found.new, is_live=True))
    assert not done(held, at)


@given(facts(), instants)
def test_the_clock_looks_again_in_time(found: Facts, at: datetime) -> None:
    found = settled(found, at)
    again = look_at(found, at)
    assert (again is None) == (found.state in OVER)
    assert again is None or at <= again <= at + LOOK


@given(facts(), instants, spans)
def test_time_alone_ends_it_only_at_an_instant_that_was_told(found: Facts, at: datetime, span: timedelta) -> None:
    """Between a look and the next one that was announced nothing moves, so nothing is late."""
    found = settled(found, at)
    again = look_at(found, at)
    assume(again is not None and again > at)
    assert again is not None
    before = again - timedelta(microseconds=1)
    assert not done(found, min(before, at + span))


# How it goes


def test_an_unused_new_one_waits() -> None:
    assert not done(begun(old=used(START)), START + 47 * HOUR)


def test_a_use_of_the_new_one_is_proof_that_it_was_distributed() -> None:
    assert done(begun(new=used(START + HOUR)), START + HOUR) == [Move.DISTRIBUTE, Move.CUT_OVER]


def test_the_old_one_ends_when_it_was_silent_for_its_time_and_the_new_one_was_seen() -> None:
    going = begun(state=State.BOTH_SEEN, old=used(START, START + 5 * HOUR), new=used(START + 2 * HOUR))
    assert not done(going, START + 6 * HOUR)
    assert done(going, START + 6 * HOUR + LATE) == [Move.FALL_SILENT, Move.RETIRE]


def test_an_old_one_that_nobody_used_is_silent_since_the_overlap_began() -> None:
    going = begun(state=State.BOTH_SEEN, old=used(START - 90 * HOUR), new=used(START))
    assert silent_from(going) == START + HOUR + LATE


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        (AfterDeadline.ALERT, [Move.ALERT]),
        (AfterDeadline.THROTTLE, [Move.ALERT, Move.THROTTLE]),
        (AfterDeadline.RETIRE, [Move.ALERT, Move.RETIRE]),
    ],
)
def test_past_the_deadline_somebody_is_told_and_the_tier_decides(tier: AfterDeadline, expected: list[Move]) -> None:
    late = START + 48 * HOUR
    going = begun(state=State.BOTH_SEEN, after_deadline=tier, old=used(START, late), new=used(START + HOUR))
    assert done(going, late) == expected


def test_a_new_one_that_nobody_was_seen_to_hold_never_ends_the_old_one() -> None:
    unseen = begun(state=State.DISTRIBUTED, after_deadline=AfterDeadline.RETIRE, old=used(START, START + 47 * HOUR))
    late = START + 48 * HOUR
    assert done(unseen, late) == [Move.ALERT, Move.THROTTLE]
    assert Move.RETIRE not in done(unseen, late + 1000 * HOUR)
    slowed = replace(unseen, is_overdue=True, old=replace(unseen.old, is_throttled=True, last_at=late), new=used(late))
    assert done(slowed, late) == [Move.CUT_OVER, Move.RETIRE]


def test_it_is_told_once() -> None:
    late = START + 60 * HOUR
    told = begun(state=State.BOTH_SEEN, is_overdue=True, old=used(START, late), new=used(START))
    assert not done(told, late)


def test_one_that_ended_by_other_means_ends_the_rotation() -> None:
    dead = Seen(is_live=False)
    assert done(begun(old=dead), START) == [Move.END_OLD]
    assert done(begun(new=dead), START) == [Move.END_NEW]
    assert done(begun(old=dead, new=dead), START) == [Move.END_NEW]


def test_silence_while_nobody_listened_is_none() -> None:
    since = START + 40 * HOUR
    going = begun(state=State.BOTH_SEEN, listening_since=since, old=used(START), new=used(START))
    assert not done(going, since + HOUR)
    assert done(going, since + HOUR + LATE) == [Move.FALL_SILENT, Move.RETIRE]


def test_whoever_was_stopped_at_the_deadline_has_one_silence_to_show_itself() -> None:
    since = START + 50 * HOUR
    assert due_at(begun(listening_since=since)) == since + HOUR + LATE
    assert due_at(begun()) == START + 48 * HOUR


def test_a_long_pause_of_the_clock_is_noticed() -> None:
    assert not is_blind(START, START + BLIND)
    assert is_blind(START, START + BLIND + timedelta(seconds=1))
    assert LOOK < BLIND


# What the policy says


def test_the_figures_are_the_tiers() -> None:
    high, low = (terms(tier, cadence_seconds=None) for tier in ("high", "low"))
    assert (high.silence, high.overlap, high.after_deadline) == (HOUR, 48 * HOUR, "retire")
    assert (low.silence, low.overlap, low.after_deadline) == (24 * HOUR, 336 * HOUR, "alert")


def test_a_weekly_job_is_not_silent_after_an_hour() -> None:
    week = timedelta(days=7)
    found = terms("high", cadence_seconds=int(week.total_seconds()))
    assert (found.silence, found.overlap) == (2 * week, 4 * week)


@given(st.sampled_from(["low", "medium", "high"]), st.one_of(st.none(), st.integers(1, 366 * 86400)))
def test_a_cadence_only_ever_lengthens(tier: str, cadence: int | None) -> None:
    found = terms(tier, cadence_seconds=cadence)
    assert found.silence >= timedelta(hours=DEFAULTS.silent_hours[tier])
    assert found.overlap >= timedelta(hours=DEFAULTS.overlap_hours[tier])
    assert found.overlap >= found.silence
