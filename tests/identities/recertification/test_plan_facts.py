"""What a plan says, laid out for the audit."""

from datetime import UTC, date, datetime

from identities.recertification import plan_facts
from identities.recertification.models import CampaignPlan


def test_days_and_times_are_written_as_text_and_nothing_is_left_out():
    plan = CampaignPlan(name="x", every_days=7, next_at=datetime(2026, 1, 1, tzinfo=UTC), ends_on=date(2026, 2, 1))
    facts = plan_facts.of(plan)
    assert set(facts) == set(plan_facts.MEMBERS)
    assert (facts["next_at"], facts["ends_on"]) == ("2026-01-01T00:00:00+00:00", "2026-02-01")


def test_what_says_nothing_is_not_said():
    plan = CampaignPlan(name="x", every_days=7, next_at=datetime(2026, 1, 1, tzinfo=UTC), is_enabled=False)
    assert not {"ends_on", "scope", "is_enabled"} & set(plan_facts.said(plan))
