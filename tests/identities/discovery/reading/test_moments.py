from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from identities.discovery.reading import moments
from identities.discovery.reading.moments import NEVER

UNKNOWN = ["", "N/A", "no_information", "not_supported", "0000-00-00", "0001-01-01T00:00:00Z", "soon", "x" * 1000]
SPELT = [
    "2016-05-16T18:13:11+00:00",
    "2016-05-16T20:13:11+02:00",
    "2016-05-16 18:13:11",
    "2016-05-16T18:13:11.0000000Z",
]


@pytest.mark.parametrize(
    "written",
    [None, True, 0, -1, float("nan"), {"a": 1}, *UNKNOWN],
)
def test_what_is_not_known_is_none(written):
    assert moments.parse(written) is None


@pytest.mark.parametrize("written", ["9999-12-31", "9999-12-31T23:59:59Z", "99991231", "never", 10**30, 253402300799])
def test_an_end_that_never_comes_is_told_from_one_not_known(written):
    assert moments.parse(written) is NEVER
    assert moments.moment(written) is None


@pytest.mark.parametrize(
    "written",
    [1463422391, "1463422391", 1463422391000, *SPELT],
)
def test_one_moment_is_read_however_it_is_written(written):
    assert moments.parse(written) == datetime(2016, 5, 16, 18, 13, 11, tzinfo=UTC)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.datetimes().map(str)))
def test_nothing_that_a_file_may_hold_raises(written):
    found = moments.parse(written)
    assert found is None or found is NEVER or found.tzinfo is UTC


def test_the_latest_of_those_known():
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert moments.latest(late, None, early) == late
    assert moments.latest(None) is None
