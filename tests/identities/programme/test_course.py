"""The checklist that ticks itself, and the two warnings that only several numbers give together."""

from hypothesis import given, strategies as st

from identities.programme import course
from identities.programme.arithmetic import Number
from identities.programme.catalogue import CONTROLS, MEASURES, PHASES


def numbers(**known):
    values = {"total": 100, "owned": 50, **known}
    found = {key: Number(key, values.get(key), 100 if MEASURES[key].of else None) for key in MEASURES}
    found["owned"] = Number("owned", values["owned"], values["total"])
    return found


def codes(now, before):
    return [warning.code for warning in course.warnings(now, before)]


def test_nothing_is_ticked_of_which_nothing_is_known():
    steps = course.controls({key: Number(key, None) for key in MEASURES})
    assert len(steps) == 5
    assert not any(step.is_done for step in steps)
    assert course.current_phase(course.phases({key: Number(key, None) for key in MEASURES})) == 1


def test_controls_and_phases_stand_in_their_order_and_tick_themselves():
    now = numbers(classified=95, contained=94, federated=100)
    assert [step.number.key for step in course.controls(now)] == list(CONTROLS)
    steps = course.phases(now)
    assert [step.number.key for step in steps] == list(PHASES)
    assert [step.is_done for step in steps] == [True, False, True, False]
    assert course.current_phase(steps) == 2


def test_past_the_last_phase_there_is_none_to_do():
    done = course.phases(numbers(classified=100, contained=100, federated=100, watched=100))
    assert course.current_phase(done) == 5


def test_no_day_to_compare_with_gives_no_warning():
    assert course.warnings(numbers(), None) == []


def test_growth_without_owners_is_warned_of():
    assert codes(numbers(total=120, owned=60), numbers()) == ["growth_without_owners"]


def test_growth_with_its_owners_is_not_warned_of():
    assert codes(numbers(total=120, owned=80), numbers()) == []


def test_standing_still_is_not_growth():
    assert codes(numbers(total=103, owned=50), numbers()) == []


def test_security_at_the_cost_of_delivery_is_warned_of():
    before = numbers(time_to_rotate=100.0)
    assert codes(numbers(owned=60, time_to_rotate=150.0), before) == ["delivery_worsens"]
    assert codes(numbers(owned=60, time_to_rotate=90.0), before) == []
    assert codes(numbers(owned=50, time_to_rotate=150.0), before) == []


def test_a_time_that_was_unknown_did_not_grow():
    assert codes(numbers(owned=60, time_to_rotate=150.0), numbers()) == []


def test_a_move_from_or_to_the_unknown_is_none():
    assert course.move(Number("red", 3), Number("red", None)) is None
    assert course.move(Number("red", None), Number("red", 3)) is None
    assert course.move(Number("red", 3), None) is None


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_move_is_good_where_it_goes_the_better_way(now, before):
    found = course.move(Number("red", now), Number("red", before))
    assert found is not None
    assert found.by == now - before
    assert found.is_good is (None if now == before else now < before)
    assert found.direction == (now > before) - (now < before)
