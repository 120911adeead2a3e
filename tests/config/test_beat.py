"""What beat asks for."""

import pytest

from config.beat import SCHEDULE


@pytest.mark.parametrize("name", sorted(SCHEDULE))
def test_a_request_lives_longer_than_a_round_or_is_rare(name):
    """A busy worker may miss a round; it must not find a pile of old requests afterwards."""
    entry = SCHEDULE[name]
    assert 0 < entry["options"]["expires"] <= max(3 * entry["schedule"], 10)


def test_verdicts_are_seldom_older_than_five_seconds():
    assert SCHEDULE["assess"]["schedule"] <= 5
