from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from identities.inventory.vocabulary import RiskTier
from identities.succession import clocks
from identities.succession.models import Step

TIERS = st.sampled_from([tier.value for tier in RiskTier])
INSTANTS = st.integers(0, 60 * 365 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
)


@given(step=st.sampled_from(clocks.ORDER), tier=TIERS, at=INSTANTS)
def test_every_step_has_an_end_and_high_tier_ends_no_later(step, tier, at):
    end = clocks.due(step, risk_tier=tier, asked_at=at)
    assert end > at
    assert clocks.due(step, risk_tier=RiskTier.HIGH, asked_at=at) <= end


@given(tier=TIERS, at=INSTANTS)
def test_the_steps_together_last_as_long_as_is_said(tier, at):
    end = at
    for step in clocks.ORDER:
        end = clocks.due(step, risk_tier=tier, asked_at=end)
    assert end - at == clocks.longest(risk_tier=tier)
    assert end - at <= timedelta(days=18)


def test_each_step_is_followed_by_those_after_it_and_the_last_by_none():
    assert clocks.after(Step.DEPUTY) == (Step.TEAM, Step.MANAGER, Step.SECURITY)
    assert clocks.after(Step.SECURITY) == ()
