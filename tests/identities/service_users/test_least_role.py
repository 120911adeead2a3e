"""The arithmetic of the least role: nothing guessed, nothing forgotten, nothing more than was used."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from identities.access.matrix import Duty
from identities.access.permissions import PERMISSIONS
from identities.service_users.least_role import CLOSED, Doors, Use, least, permission_of

AT = datetime(2026, 5, 1, tzinfo=UTC)
KINDS = ("identity", "user", "schedule", "policy", "")

permissions = st.sampled_from(sorted(PERMISSIONS))
duties = st.sampled_from([duty.value for duty in Duty])
kinds = st.sampled_from(KINDS)
uses = st.builds(
    Use,
    permission=st.one_of(permissions, duties),
    machine_permission=st.one_of(st.just(""), permissions, st.just("payroll.pay")),
    resource_kind=kinds,
    times=st.integers(1, 1000),
    last_at=st.integers(0, 10_000).map(lambda minutes: AT + timedelta(minutes=minutes)),
)
doors = st.dictionaries(
    st.tuples(duties, kinds), st.frozensets(st.one_of(st.just(CLOSED), permissions), min_size=1, max_size=3)
)


def use(permission: str, machine_permission: str = "", kind: str = "identity", times: int = 1) -> Use:
    return Use(permission, machine_permission, kind, times, AT)


def test_what_no_route_speaks_of_is_not_covered() -> None:
    found = least([use("govern", kind="user", times=3)], {})
    assert found.permissions == ()
    assert [(one.duty, one.resource_kind, one.times) for one in found.uncovered] == [("govern", "user", 3)]


def test_of_two_possible_permissions_none_is_guessed() -> None:
    known: Doors = {("operate_schedule", "schedule"): frozenset({"schedule.read", "schedule.run"})}
    [left] = least([use("operate_schedule", kind="schedule")], known).uncovered
    assert left.is_ambiguous


def test_a_route_that_is_shut_makes_its_open_neighbour_no_answer() -> None:
    known: Doors = {("govern", "identity"): frozenset({CLOSED, "identity.write"})}
    assert permission_of(use("govern"), known) is None


def test_an_old_decision_is_read_from_the_one_thing_that_its_routes_say() -> None:
    known: Doors = {("read_register", "run"): frozenset({"run.read"})}
    assert permission_of(use("read_register", kind="run"), known) == "run.read"


def test_a_permission_that_is_none_any_more_gives_nothing() -> None:
    assert permission_of(use("payroll.pay", "payroll.pay"), {}) is None


def test_ones_own_account_is_not_missed() -> None:
    [left] = least([use("own_profile", kind="user")], {}).uncovered
    assert not left.matters


@given(st.lists(uses, max_size=30), doors)
def test_every_use_is_covered_or_listed_and_counted_once(done: list[Use], known: Doors) -> None:
    found = least(done, known)
    assert sum(one.times for one in (*found.needed, *found.uncovered)) == sum(one.times for one in done)
    for one in done:
        permission, listed = permission_of(one, known), {(left.duty, left.resource_kind) for left in found.uncovered}
        assert permission in found.permissions if permission else (one.permission, one.resource_kind) in listed


@given(st.lists(uses, max_size=30), doors)
def test_without_any_one_permission_something_that_was_done_is_lost(done: list[Use], known: Doors) -> None:
    found = least(done, known)
    asked = Counter(permission_of(one, known) for one in done)
    assert set(found.permissions) == {name for name in asked if name}
    assert set(found.permissions) <= PERMISSIONS
    assert list(found.permissions) == sorted(set(found.permissions))


@given(st.lists(uses, max_size=20), st.lists(uses, max_size=20), doors)
def test_more_use_never_needs_less_and_no_order_counts(first: list[Use], more: list[Use], known: Doors) -> None:
    both = least([*first, *more], known)
    assert set(least(first, known).permissions) <= set(both.permissions)
    assert least([*more, *first], known) == both


@given(uses, doors)
def test_what_a_decision_names_itself_counts_before_what_the_routes_say(one: Use, known: Doors) -> None:
    if one.machine_permission in PERMISSIONS:
        assert permission_of(one, known) == one.machine_permission
    elif one.permission in PERMISSIONS:
        assert permission_of(one, known) == one.permission
