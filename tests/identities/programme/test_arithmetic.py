"""Shares, medians and sums, for whatever is counted; and the unknown, which is never a nought."""

import statistics
from collections import Counter

from hypothesis import given, strategies as st

from identities.programme.arithmetic import (
    Number,
    Tally,
    added,
    conclude,
    mean,
    median,
    packed,
    percent,
    unpacked,
)
from identities.programme.catalogue import MEASURES
from identities.programme.measure import Unit

AGES = st.dictionaries(st.integers(0, 4000), st.integers(1, 50), max_size=20)
COUNTED = sorted({name for m in MEASURES.values() for name in (m.key, m.of, m.unknown) if name})
TALLIES = st.builds(
    Tally,
    counts=st.dictionaries(st.sampled_from(COUNTED), st.integers(0, 10**6)).map(Counter),
    ages=AGES.map(Counter),
)


def test_a_share_of_nothing_is_not_known():
    assert percent(0, 0) is None
    assert percent(None, 5) is None
    assert percent(3, None) is None


def test_what_was_not_counted_is_unknown_and_not_none_of_it():
    numbers = conclude(Tally())
    assert all(number.value is None for number in numbers.values())
    assert all(number.shown is None and number.listed is None for number in numbers.values())


def test_a_median_of_nothing_and_a_mean_of_nothing_are_not_known():
    assert median({}) is None
    assert mean([]) is None


@given(value=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_a_share_lies_between_none_and_all_and_says_all_only_of_all(value, more):
    found = percent(value, value + more)
    if value + more == 0:
        assert found is None
        return
    assert found is not None
    assert 0 <= found <= 100
    assert (found == 100) is (more == 0)
    assert (found == 0) is (value == 0)


@given(AGES)
def test_the_median_of_a_histogram_is_the_median_of_its_members(ages):
    members = [age for age, count in ages.items() for _ in range(count)]
    assert median(ages) == (statistics.median(members) if members else None)


@given(st.lists(TALLIES, max_size=5))
def test_the_counts_of_teams_add_up_to_their_tenant(tallies):
    total = Tally()
    for tally in tallies:
        total.add(tally)
    for key in COUNTED:
        assert total.counts[key] == sum(tally.counts[key] for tally in tallies)
    assert total.ages.total() == sum(tally.ages.total() for tally in tallies)


@given(TALLIES)
def test_what_a_snapshot_keeps_comes_back_as_it_was(tally):
    numbers = conclude(tally)
    assert unpacked(packed(numbers)) == numbers


@given(st.lists(TALLIES.map(conclude), min_size=2, max_size=4))
def test_tenants_together_sum_what_is_known_and_make_up_no_median(several):
    together = added(map(packed, several))
    for key, measure in MEASURES.items():
        known = [numbers[key].value for numbers in several if numbers[key].value is not None]
        if measure.unit in {Unit.DAYS, Unit.SECONDS} or not known:
            assert together[key].value is None
        else:
            assert together[key].value == sum(known)
            for whole in ("of", "unknown"):
                parts = [getattr(numbers[key], whole) for numbers in several if numbers[key].value is not None]
                said = [part for part in parts if part is not None]
                assert getattr(together[key], whole) == (sum(said) if said else None)


def test_what_tenants_break_a_number_down_into_is_added_word_by_word():
    several = [conclude(Tally(counts=Counter(violations=3), parts={"violations": Counter(parts)})) for parts in (
        {"production": 2, "unknown": 1}, {"staging": 3}, {"production": 1, "staging": 2},
    )]  # fmt: skip
    together = added(map(packed, several))["violations"]
    assert (together.value, dict(together.parts)) == (9, {"production": 3, "staging": 5, "unknown": 1})


def test_of_one_tenant_nothing_is_lost():
    numbers = conclude(Tally(counts=Counter(rotating=3), ages=Counter({5: 3})))
    assert added([packed(numbers)])["rotation_age"].value == 5


def test_words_of_an_older_snapshot_are_passed_over():
    assert unpacked({"total": [3, None, None], "no_such_number": [1, 2, 3]})["total"].value == 3


def test_those_that_miss_are_told_of_a_share_alone():
    assert Number("owned", 3, 10).missing == 7
    assert Number("red", 3, 10).missing is None
