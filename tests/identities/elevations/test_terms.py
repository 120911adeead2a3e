"""What is asked for and how much it weighs: arithmetic, tried with many values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identities.access.models import RoleBinding
from identities.access.permissions import PERMISSIONS
from identities.elevations import selectors, terms
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.elevations.selectors import Phase
from identities.errors import Invalid

AT = datetime(2026, 3, 25, 6, tzinfo=UTC)
TIERS = ("low", "medium", "high")
SOME = st.sets(st.sampled_from(sorted(PERMISSIONS)))


@given(SOME, st.sampled_from(TIERS), st.booleans())
def test_no_tier_ever_falls_and_what_changes_something_is_never_low(
    permissions: set[str], tier: str, is_renewal: bool
) -> None:
    found = terms.tier_of(tier, permissions, is_renewal=is_renewal)
    assert TIERS.index(found) >= TIERS.index(tier)
    changes = {"schedule.write", "identity.write", "credential.rotate", "identity.quarantine", "secret.read"}
    if permissions & changes or is_renewal:
        assert found != "low"


def test_who_only_reads_and_is_low_stays_low() -> None:
    assert terms.tier_of("low", ["run.read", "finding.read"]) == "low"


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_what_lies_ready_ends_within_its_span(span: timedelta) -> None:
    if timedelta() < span <= terms.LONGEST_ARMED:
        terms.check_armed_until(AT + span, AT)
        return
    with pytest.raises(Invalid):
        terms.check_armed_until(AT + span, AT)


@given(
    minutes=st.integers(min_value=1, max_value=terms.MOST_MINUTES),
    seconds=st.integers(min_value=-100_000, max_value=200_000),
)
def test_an_elevation_runs_exactly_as_long_as_its_binding_gives_the_role(minutes: int, seconds: int) -> None:
    binding = RoleBinding(valid_from=AT, valid_until=AT + timedelta(minutes=minutes))
    row, at = Elevation(state="given", binding=binding), AT + timedelta(seconds=seconds)
    assert (selectors.phase_of(row, at) is Phase.LIVE) == binding.is_effective(at)
    assert selectors.phase_of(row, at) in (Phase.COMING, Phase.LIVE, Phase.OVER)


@given(st.integers(min_value=-100_000, max_value=400_000))
def test_a_use_is_over_at_its_end_and_late_a_day_after(seconds: int) -> None:
    ends, at = AT + timedelta(hours=1), AT + timedelta(seconds=seconds)
    row = BreakGlassGrant(state="used", use_ends_at=ends, valid_until=AT + timedelta(days=1))
    assert (selectors.state_of(row, at) == "review") == (at >= ends)
    assert selectors.is_late(row, at) == (at >= ends + timedelta(hours=24))
