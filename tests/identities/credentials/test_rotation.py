"""The machine by itself: what evidence moves, what time moves, and what is never done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, strategies as st

from identities.credentials.models import AfterDeadline, RotationState as State
from identities.credentials.rotation import (
    BLIND,
    DEAF,
    LATE,
    LOOK,
    OVER,
    WARNED_EARLIEST,
    WARNED_LATEST,
    Facts,
    Move,
    Seen,
    acts_at,
    due_at,
    is_blind,
    look_at,
    moves,
    next_move,
    silent_from,
    terms,
    warn_at,
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
        is_warned=draw(st.booleans()),
        is_awaited=draw(st.booleans()),
        delivered_at=draw(st.one_of(st.none(), instants)),
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
    if again is None or again <= at:
        return
    assert again is not None
    before = again - timedelta(microseconds=1)
    assert not done(found, min(before, at + span))


CONSEQUENCES = {Move.THROTTLE, Move.RETIRE}


@given(facts(), instants)
def test_nobody_is_slowed_down_or_refused_for_a_new_one_that_is_not_delivered(found: Facts, at: datetime) -> None:
    awaited = replace(found, state=State.ISSUED, is_awaited=True, new=replace(found.new, first_at=None, last_at=None))
    assert not CONSEQUENCES & set(done(awaited, at))


@given(facts(), instants)
def test_somebody_is_told_of_the_deadline_all_the_same(found: Facts, at: datetime) -> None:
    lives = Seen(is_live=True)
    awaited = replace(found, state=State.ISSUED, is_awaited=True, is_held=False, is_overdue=False, old=lives, new=lives)
    assert (Move.ALERT in done(awaited, at)) == (at >= due_at(awaited))


@given(facts(), instants)
def test_whoever_got_the_new_one_late_has_one_silence_to_take_it(found: Facts, at: datetime) -> None:
    delivered_at = found.delivered_at or found.started_at
    found = replace(found, delivered_at=delivered_at)
    if found.state in (State.OLD_SILENT, *OVER):
        return
    made = done(found, at)
    if CONSEQUENCES & set(made) and Move.FALL_SILENT not in made:
        assert at >= delivered_at + found.silence


@given(facts(), instants)
def test_a_warning_comes_once_before_the_deadline_and_only_where_something_is_about_to_happen(
    found: Facts, at: datetime
) -> None:
    made = done(found, at)
    if Move.WARN not in made:
        return
    assert made.count(Move.WARN) == 1
    assert not found.is_warned
    assert not {Move.ALERT, *CONSEQUENCES} & set(made)
    assert warn_at(found) <= at < due_at(found)
    assert found.after_deadline != AfterDeadline.ALERT
    assert found.new.first_at is None or found.old.last_at is not None


@st.composite
def lives(draw: st.DrawFn) -> tuple[Facts, list[datetime], list[datetime], timedelta]:
    """A rotation of a tier that does something, when its two halves are used, and how often somebody looks."""
    overlap = draw(st.integers(2, 60)) * HOUR
    going = begun(
        state=State.DISTRIBUTED,
        deadline=START + overlap,
        silence=min(draw(st.integers(1, 24)) * HOUR, overlap / 2),
        after_deadline=draw(st.sampled_from([AfterDeadline.THROTTLE, AfterDeadline.RETIRE])),
    )
    moments = spans.map(lambda span: START + span % (overlap + HOUR))
    uses = st.lists(moments, max_size=30).map(sorted)
    return going, draw(uses), draw(uses), draw(st.integers(5, 15)) * timedelta(minutes=1)


@given(lives())
def test_nobody_is_slowed_down_or_refused_at_the_deadline_without_a_warning_in_time(
    life: tuple[Facts, list[datetime], list[datetime], timedelta],
) -> None:
    found, old, new, step = life
    at, warned = START, None
    while at < found.deadline + 2 * HOUR and found.state not in OVER:
        at += step
        first = next((use for use in new if use <= at), None)
        last = next((use for use in reversed(old) if use <= at), None)
        found = replace(found, old=replace(found.old, last_at=last), new=replace(found.new, first_at=first))
        made = done(found, at)
        found = settled(found, at)
        warned = at if Move.WARN in made else warned
        if CONSEQUENCES & set(made) and Move.FALL_SILENT not in made:
            assert warned is not None
            assert at - warned >= WARNED_LATEST - step


# How it goes


@pytest.mark.parametrize(
    ("overlap", "ahead"), [(48 * HOUR, 12 * HOUR), (3 * HOUR, HOUR), (400 * HOUR, timedelta(days=2))]
)
def test_a_warning_comes_when_a_quarter_of_the_overlap_is_left_within_its_bounds(
    overlap: timedelta, ahead: timedelta
) -> None:
    going = begun(deadline=START + overlap, after_deadline=AfterDeadline.RETIRE)
    warned = START + overlap - ahead
    assert warn_at(going) == warned
    assert WARNED_LATEST <= ahead <= WARNED_EARLIEST
    assert not done(going, warned - timedelta(seconds=1))
    assert done(going, warned) == [Move.WARN]
    assert look_at(going, warned - timedelta(minutes=1)) == warned


def test_of_an_old_one_that_nobody_uses_any_more_nobody_is_warned() -> None:
    going = begun(
        state=State.BOTH_SEEN,
        after_deadline=AfterDeadline.RETIRE,
        listening_since=START + 47 * HOUR,
        old=used(START),
        new=used(START),
    )
    assert not done(going, START + 47 * HOUR)
    assert done(replace(going, old=used(START, START + 47 * HOUR)), START + 47 * HOUR) == [Move.WARN]


def test_one_that_is_not_delivered_is_told_of_at_the_deadline_and_slowed_one_silence_after_it_came() -> None:
    late = START + 50 * HOUR
    going = begun(after_deadline=AfterDeadline.THROTTLE, is_awaited=True, old=used(START, late))
    assert done(going, late) == [Move.ALERT]
    assert acts_at(going) is None
    come = replace(going, state=State.DISTRIBUTED, is_awaited=False, delivered_at=late, is_overdue=True)
    assert not done(come, late + HOUR)
    assert look_at(come, late + HOUR) == late + HOUR + LATE
    assert done(come, late + HOUR + LATE) == [Move.THROTTLE]


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


def test_a_clock_that_looks_while_nobody_listens_is_as_good_as_none() -> None:
    assert not is_blind(START, START, START - DEAF)
    assert is_blind(START, START, START - DEAF - timedelta(seconds=1))
    # Whoever was away for a quarter of an hour is found out by one look meanwhile.
    assert DEAF + LOOK <= BLIND


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
