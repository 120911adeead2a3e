"""When a credential is due: what policy, a renewal and an exception each have to say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identities.credentials import due
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import DEFAULTS

MADE = datetime(2026, 1, 1, tzinfo=UTC)
TIERS = st.sampled_from(["low", "medium", "high"])
DAYS = st.integers(min_value=1, max_value=800)


def identity(tier: str = "medium", **facts: object) -> ManagedIdentity:
    return ManagedIdentity(risk_tier=tier, **facts)


def after(days: int | None) -> datetime | None:
    return None if days is None else MADE + timedelta(days=days)


def day(
    own: int, *, of: ManagedIdentity, renewed: bool = False, ends: int | None = None, excepted: int | None = None
) -> int:
    found = due.effective(
        created_at=MADE,
        own=MADE + timedelta(days=own),
        renewed_at=MADE if renewed else None,
        expires_at=after(ends),
        excepted_until=after(excepted),
        identity=of,
        standards=DEFAULTS,
    )
    return (found - MADE).days


@pytest.mark.parametrize(
    ("own", "facts", "expected"),
    [
        (90, {}, 90),
        (30, {}, 90),
        (30, {"renewed": True}, 30),
        (200, {"renewed": True}, 90),
        (200, {"renewed": True, "excepted": 250}, 200),
        (200, {"renewed": True, "excepted": 199}, 90),
        (90, {"ends": 10}, 10),
        (200, {"renewed": True, "excepted": 250, "ends": 10}, 10),
    ],
)
def test_what_counts(own: int, facts: dict[str, int], expected: int) -> None:
    assert day(own, of=identity(), **facts) == expected  # type: ignore[arg-type]


def test_the_internet_halves_the_time_and_the_own_interval_is_no_maximum() -> None:
    assert day(90, of=identity(internet_exposed=True)) == 45
    assert day(90, of=identity(rotation_interval_days=20)) == 20
    assert day(80, of=identity(rotation_interval_days=20), renewed=True) == 80


@given(own=DAYS, tier=TIERS, renewed=st.booleans(), ends=st.none() | DAYS)
def test_without_an_exception_nothing_is_due_later_than_the_tier_allows(
    own: int, tier: str, renewed: bool, ends: int | None
) -> None:
    found = day(own, of=identity(tier), renewed=renewed, ends=ends)
    assert found <= DEFAULTS.rotation_days[tier]
    assert ends is None or found <= ends


@given(own=DAYS, tier=TIERS, excepted=DAYS)
def test_under_an_exception_nothing_is_due_later_than_both_allow(own: int, tier: str, excepted: int) -> None:
    found = day(own, of=identity(tier), renewed=True, excepted=excepted)
    assert found <= max(excepted, DEFAULTS.rotation_days[tier])
