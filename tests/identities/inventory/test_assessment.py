"""The verdict as a whole, and when it is due again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identities.inventory.assessment import assess
from identities.inventory.orphans import Answerer
from identities.inventory.vocabulary import Triage, UseState
from tests.factories.verdicts import DAY, NOON, external, facts

MOMENTS = st.none() | st.timedeltas(-60 * DAY, 90 * DAY).map(lambda away: NOON + away)
QUIET = {"rotate_by": None, "review_by": None, "schedule_cadence_seconds": None}


@pytest.mark.parametrize(
    ("spoiled", "due"),
    [
        ({**QUIET, "expires_at": NOON + DAY}, NOON + DAY),
        ({**QUIET, "rotate_by": NOON + 2 * DAY}, NOON + 2 * DAY),
        ({**QUIET, "review_by": NOON.date()}, datetime(2026, 3, 2, tzinfo=UTC)),
        ({**QUIET, "last_used_at": NOON - 80 * DAY}, NOON + 10 * DAY),
        ({"last_used_at": NOON, "schedule_cadence_seconds": 60}, NOON + timedelta(hours=2)),
    ],
)
def test_it_is_judged_again_when_time_changes_something(spoiled, due):
    assert assess(facts(**spoiled), at=NOON).reassess_at == due


def test_what_time_cannot_change_is_left_alone():
    done = external(last_used_at=None, review_by=NOON.date() - DAY, expires_at=NOON - DAY)
    assert assess(done, at=NOON).reassess_at is None
    assert assess(facts(state="retired"), at=NOON).reassess_at is None
    assert assess(external(last_used_at=None, review_by=date.max), at=NOON).reassess_at is None


@given(last_used_at=MOMENTS, rotate_by=MOMENTS, expires_at=MOMENTS, review=MOMENTS)
def test_until_then_nothing_changes(last_used_at, rotate_by, expires_at, review):
    of = facts(
        last_used_at=last_used_at, rotate_by=rotate_by, expires_at=expires_at, review_by=review and review.date()
    )
    now = assess(of, at=NOON)
    until = (now.reassess_at or NOON + 3000 * DAY) - timedelta(microseconds=1)
    then = assess(of, at=max(NOON, until))
    assert (then.colour, then.reasons, then.use_state) == (now.colour, now.reasons, now.use_state)


def test_use_ownership_and_completeness_stand_beside_the_colour():
    verdict = assess(external(last_used_at=None, chain=(), has_team=False, ticket="", review_by=None), at=NOON)
    assert (verdict.colour, verdict.use_state, verdict.is_orphaned) == (Triage.RED, UseState.UNOBSERVED, True)
    assert {one.member for one in verdict.missing} >= {"owner", "ticket", "review_by", "last_used_at"}


def test_an_owner_without_a_team_is_an_orphan_but_not_red():
    verdict = assess(facts(chain=(Answerer("deputy", "kim@example.com"),), has_team=False), at=NOON)
    assert (verdict.colour, verdict.is_orphaned) == (Triage.AMBER, True)
