from datetime import date

from hypothesis import given, strategies as st

from identities.inventory.cadence import DAYS_BY_TIER, review_by


@given(st.dates(max_value=date(2100, 1, 1)))
def test_higher_risk_is_reviewed_sooner(today: date) -> None:
    assert today < review_by("high", today=today) < review_by("medium", today=today) < review_by("low", today=today)


def test_a_high_risk_identity_is_reviewed_each_quarter() -> None:
    assert DAYS_BY_TIER["high"] <= 92
