"""Rhythms that come with it."""

import pytest

from identities.inventory.vocabulary import RiskTier
from identities.recertification import scope
from identities.recertification.presets import PRESETS


def test_each_tier_has_one_and_what_is_temporary_as_well():
    assert set(PRESETS) == {*RiskTier.values, "temporary"}


@pytest.mark.parametrize("key", PRESETS)
def test_what_is_offered_can_be_kept_as_it_is(key: str):
    preset = PRESETS[key]
    assert scope.read(dict(preset.scope)) == preset.scope
    assert 1 <= preset.answer_days <= preset.every_days


def test_high_is_asked_quarterly_and_temporary_weekly_until_its_project_ends():
    assert (PRESETS["high"].every_days, PRESETS["high"].answer_days) == (90, 14)
    assert (PRESETS["temporary"].every_days, PRESETS["temporary"].answer_days) == (7, 5)
    assert [key for key, preset in PRESETS.items() if preset.needs_end] == ["temporary"]
