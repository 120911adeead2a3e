"""What no answer means: one consequence for every campaign and tier, never a milder one than was asked under."""

from hypothesis import given, strategies as st

from identities.inventory.vocabulary import RiskTier
from identities.recertification.consequences import Consequence, of_silence, stricter
from identities.recertification.models import OnSilence

SEVERITY = [Consequence.REMIND, Consequence.REDUCE, Consequence.DISABLE]
TIERS = [RiskTier.LOW, RiskTier.MEDIUM, RiskTier.HIGH]
tiers = st.sampled_from(TIERS) | st.text(max_size=8)


@given(st.sampled_from(OnSilence.values) | st.text(max_size=12), tiers)
def test_there_is_always_exactly_one(on_silence: str, tier: str):
    assert of_silence(on_silence, tier) in Consequence


@given(st.sampled_from(["disable", "reduce", "remind"]), tiers)
def test_a_campaign_that_says_it_decides_for_every_tier(on_silence: str, tier: str):
    assert of_silence(on_silence, tier) == on_silence


@given(st.sampled_from(TIERS), st.sampled_from(TIERS))
def test_by_tier_more_at_stake_never_means_less(one: str, other: str):
    by_tier = [SEVERITY.index(of_silence(OnSilence.BY_TIER, tier)) for tier in (one, other)]
    assert (by_tier[0] <= by_tier[1]) == (TIERS.index(RiskTier(one)) <= TIERS.index(RiskTier(other)))


@given(tiers.filter(lambda tier: tier not in TIERS))
def test_a_tier_that_nobody_knows_is_the_strictest(tier: str):
    assert of_silence(OnSilence.BY_TIER, tier) is Consequence.DISABLE


@given(tiers, tiers)
def test_lowering_the_tier_while_the_question_is_open_changes_nothing(asked: str, now: str):
    counts = SEVERITY.index(of_silence(OnSilence.BY_TIER, stricter(asked, now)))
    each = [SEVERITY.index(of_silence(OnSilence.BY_TIER, tier)) for tier in (asked, now)]
    assert counts == max(each)
