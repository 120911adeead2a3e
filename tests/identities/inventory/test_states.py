"""The state machine, as a table and as properties."""

from hypothesis import given, strategies as st

from identities.inventory.states import State, may_become

states = st.sampled_from(State)


def test_retired_is_the_end() -> None:
    assert not any(may_become(State.RETIRED, target) for target in State)


def test_nothing_skips_approval() -> None:
    assert not may_become(State.REQUESTED, State.ACTIVE)


def test_an_incident_is_not_turned_into_a_pause() -> None:
    assert not may_become(State.QUARANTINED, State.PAUSED)


@given(states)
def test_staying_is_no_move(state: State) -> None:
    assert not may_become(state, state)


@given(states)
def test_every_living_state_can_be_retired(state: State) -> None:
    assert may_become(state, State.RETIRED) is (state is not State.RETIRED)


@given(st.lists(states, max_size=30))
def test_no_walk_leaves_retired(wishes: list[State]) -> None:
    state, is_over = State.REQUESTED, False
    for wish in wishes:
        if may_become(state, wish):
            assert not is_over
            state = wish
        is_over = state is State.RETIRED


@given(states)
def test_active_is_left_and_found_again_by_every_reversible_state(state: State) -> None:
    if state in {State.PAUSED, State.QUARANTINED, State.DISABLED}:
        assert may_become(State.ACTIVE, state)
        assert may_become(state, State.ACTIVE)
