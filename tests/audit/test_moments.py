"""How a time is written for others."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from audit.moments import zulu


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 3, 1, 6, 0, tzinfo=UTC), "2026-03-01T06:00:00Z"),
        (datetime(2026, 3, 1, 6, 0, 0, 5, tzinfo=UTC), "2026-03-01T06:00:00.000005Z"),
        (datetime(2026, 7, 1, 6, 0, tzinfo=ZoneInfo("Europe/Berlin")), "2026-07-01T04:00:00Z"),
    ],
)
def test_a_time_ends_in_z_whatever_its_zone(at: datetime, written: str):
    assert zulu(at) == written


def test_it_can_be_cut_to_seconds():
    assert zulu(datetime(2026, 3, 1, 6, 0, 0, 5, tzinfo=UTC), "seconds") == "2026-03-01T06:00:00Z"
