"""Misfire and overlap: what runs, what is skipped, what waits, and that nothing is ever lost or doubled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from scheduling.models import MisfirePolicy, OverlapPolicy
from scheduling.services import occurrences
from scheduling.services.occurrences import CATCH_UP, GRACE, LOOK, MISFIRE, OVERLAP, Look, admit, sort

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MISFIRES = [str(policy) for policy in MisfirePolicy]
OVERLAPS = [str(policy) for policy in OverlapPolicy]


def minutes_ago(*ages: int) -> list[datetime]:
    return [NOW - timedelta(minutes=age) for age in ages]


def every_minute(count: int) -> list[datetime]:
    return [NOW - timedelta(minutes=age) for age in reversed(range(count))]


@pytest.mark.parametrize("policy", MISFIRES)
def test_nothing_is_skipped_while_all_is_within_the_grace(policy):
    due = minutes_ago(5, 3, 1)
    assert sort(due, policy=policy, at=NOW) == Look(run=tuple(due))


def test_skip_leaves_out_what_is_late_and_runs_the_rest():
    look = sort(minutes_ago(60, 6, 5, 0), policy="skip", at=NOW)
    assert [each.at for each in look.skip] == minutes_ago(60, 6)
    assert list(look.run) == minutes_ago(5, 0)
    assert {each.code for each in look.skip} == {MISFIRE}


def test_run_once_runs_the_newest_for_the_whole_backlog():
    look = sort(minutes_ago(60, 30, 2), policy="run_once", at=NOW)
    assert list(look.run) == minutes_ago(2)
    assert [each.at for each in look.skip] == minutes_ago(60, 30)


def test_run_once_runs_a_single_late_one():
    assert sort(minutes_ago(600), policy="run_once", at=NOW) == Look(run=tuple(minutes_ago(600)))


def test_run_all_runs_all_up_to_its_cap():
    assert len(sort(every_minute(CATCH_UP), policy="run_all", at=NOW).run) == CATCH_UP
    look = sort(every_minute(CATCH_UP + 7), policy="run_all", at=NOW)
    assert list(look.run) == every_minute(CATCH_UP)
    assert len(look.skip) == 7


@pytest.mark.parametrize("policy", MISFIRES)
def test_a_long_outage_is_taken_in_bites_that_leave_the_policy_its_end(policy):
    look = sort(every_minute(LOOK), policy=policy, at=NOW)
    assert not look.run
    assert len(look.skip) == LOOK - CATCH_UP
    assert list(look.rest) == every_minute(CATCH_UP)


def test_nothing_overlaps_when_nothing_is_open():
    look = Look(run=tuple(minutes_ago(3, 2, 1)))
    for policy in OVERLAPS:
        assert admit(look, policy=policy, limit=1, is_open=0, is_waiting=0) == look


@pytest.mark.parametrize(
    ("policy", "limit", "is_open", "is_waiting", "admitted"),
    [
        ("skip", None, 1, 0, 0),
        ("queue_one", None, 1, 0, 1),
        ("queue_one", None, 2, 1, 0),
        ("allow", None, 50, 0, 3),
        ("allow", 3, 1, 0, 2),
        ("allow", 3, 3, 1, 0),
        ("allow", 1, 2, 0, 0),
        ("cancel_previous", None, 2, 1, 3),
    ],
)
def test_overlap_policies(policy, limit, is_open, is_waiting, admitted):
    look = Look(run=tuple(minutes_ago(3, 2, 1)))
    result = admit(look, policy=policy, limit=limit, is_open=is_open, is_waiting=is_waiting)
    assert result.run == look.run[:admitted]
    assert [each.at for each in result.skip] == list(look.run[admitted:])
    assert {each.code for each in result.skip} <= {OVERLAP}
    assert result.cancels == (policy == "cancel_previous")


def test_cancel_previous_cancels_nothing_when_there_is_nothing_to_run():
    look = Look(skip=(occurrences.Skip(NOW, MISFIRE, "late"),))
    assert not admit(look, policy="cancel_previous", limit=None, is_open=1, is_waiting=0).cancels


AGES = st.lists(st.integers(min_value=0, max_value=20_000), min_size=1, max_size=LOOK + 50, unique=True)


@given(
    ages=AGES,
    misfire=st.sampled_from(MISFIRES),
    overlap=st.sampled_from(OVERLAPS),
    limit=st.none() | st.integers(min_value=1, max_value=5),
    is_open=st.integers(min_value=0, max_value=5),
    data=st.data(),
)
def test_each_occurrence_ends_in_exactly_one_place(ages, misfire, overlap, limit, is_open, data):
    due = minutes_ago(*sorted(ages, reverse=True))[:LOOK]
    is_waiting = data.draw(st.integers(min_value=0, max_value=is_open))
    look = admit(sort(due, policy=misfire, at=NOW), policy=overlap, limit=limit, is_open=is_open, is_waiting=is_waiting)
    placed = [*look.run, *(each.at for each in look.skip), *look.rest]
    assert sorted(placed) == due
    assert list(look.run) == sorted(look.run)
    assert len(look.run) <= max(CATCH_UP, len([moment for moment in due if NOW - moment <= GRACE]))
    if look.rest:
        assert min(look.rest) > max(each.at for each in look.skip)


@given(ages=AGES, policy=st.sampled_from(MISFIRES))
def test_look_after_look_every_occurrence_is_decided_once(ages, policy):
    left = minutes_ago(*sorted(ages, reverse=True))
    wanted, looks = list(left), 0
    run: list[datetime] = []
    skipped: list[datetime] = []
    while left:
        look = sort(left[:LOOK], policy=policy, at=NOW)
        run += look.run
        skipped += [each.at for each in look.skip]
        left = [*look.rest, *left[LOOK:]]
        looks += 1
        assert looks < 10
    assert sorted([*run, *skipped]) == wanted
    late = [moment for moment in wanted if NOW - moment > GRACE]
    if policy == "run_once" and late:
        assert run == [wanted[-1]]
    if policy == "skip":
        assert run == [moment for moment in wanted if moment not in late]
    if policy == "run_all":
        assert run[-CATCH_UP:] == wanted[-len(run[-CATCH_UP:]) :]
