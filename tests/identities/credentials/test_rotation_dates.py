from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identities.credentials.rotation_dates import interval_days, rotate_by

tiers = st.sampled_from(["low", "medium", "high"])
days = st.none() | st.integers(min_value=1, max_value=3650)


@given(st.booleans(), days)
def test_higher_risk_never_rotates_later(exposed: bool, own: int | None) -> None:
    low, medium, high = (
        interval_days(tier, internet_exposed=exposed, own_days=own) for tier in ("low", "medium", "high")
    )
    assert 1 <= high <= medium <= low


@given(tiers, days)
def test_the_internet_never_makes_it_later(tier: str, own: int | None) -> None:
    exposed = interval_days(tier, internet_exposed=True, own_days=own)
    assert exposed <= interval_days(tier, internet_exposed=False, own_days=own)


@given(tiers, st.booleans(), st.integers(min_value=1, max_value=3650))
def test_an_own_figure_only_ever_shortens(tier: str, exposed: bool, own: int) -> None:
    assert interval_days(tier, internet_exposed=exposed, own_days=own) <= own


@pytest.mark.parametrize(("tier", "expected"), [("low", 180), ("medium", 90), ("high", 30)])
def test_the_date_is_counted_from_the_making(tier: str, expected: int) -> None:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert rotate_by(at, tier, internet_exposed=False) == at + timedelta(days=expected)
