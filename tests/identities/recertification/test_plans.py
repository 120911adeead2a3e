"""Plans: each instant launches one campaign, whatever was down meanwhile; a rhythm ends on its day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Invalid
from identities.people.models import Notice, Tenant
from identities.recertification import plans
from identities.recertification.models import CampaignPlan, ReviewCampaign
from tests.factories import register

SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
db = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def plan(of: Tenant, **facts: Any) -> CampaignPlan:
    wanted = {"name": "Quarterly", "scope": {"riskTier": "high"}, "every_days": 90, **facts}
    return plans.create(tenant=of, actor=SYSTEM, **wanted)


@db
@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "two\x00"}, "name"),
        ({"scope": {"colour": "red"}}, "scope.colour"),
        ({"scope": "all"}, "scope"),
        ({"every_days": 0}, "every_days"),
        ({"every_days": True}, "every_days"),
        ({"every_days": 7, "answer_days": 8}, "answer_days"),
        ({"answer_days": 0}, "answer_days"),
        ({"reviewer_rule": "machine"}, "reviewer_rule"),
        ({"on_silence": "delete"}, "on_silence"),
        ({"next_at": datetime(2026, 1, 1)}, "next_at"),  # noqa: DTZ001 - that it has no zone is what is wrong
        ({"ends_on": date(2020, 1, 1)}, "ends_on"),
    ],
)
def test_what_does_not_fit_is_named(tenant: Tenant, facts: dict[str, Any], member: str):
    with pytest.raises(Invalid) as refused:
        plan(tenant, **facts)
    assert list(refused.value.errors) == [member]
    assert not CampaignPlan.objects.exists()


@db
def test_two_of_a_name_are_one_too_many_in_one_tenant_only(tenant: Tenant):
    plan(tenant)
    with pytest.raises(Invalid):
        plan(tenant)
    plan(register.tenant())
    assert CampaignPlan.objects.count() == 2


@db
def test_a_member_that_is_none_is_refused(tenant: Tenant):
    with pytest.raises(Invalid):
        plans.change(plan(tenant), actor=SYSTEM, created_by="somebody")


@db
def test_what_is_due_is_launched_once(tenant: Tenant):
    register.identity(tenant, risk_tier="high")
    register.identity(tenant, risk_tier="low")
    made = plan(tenant)
    at = timezone.now()
    assert (plans.launch_due(at), plans.launch_due(at)) == (1, 0)
    campaign = ReviewCampaign.objects.get(plan=made)
    assert campaign.items.count() == 1
    assert campaign.due_at == at + 14 * DAY
    made.refresh_from_db()
    assert made.next_at > at + 89 * DAY


@db
def test_what_was_missed_is_asked_once_and_the_rhythm_stays(tenant: Tenant):
    made = plan(tenant, every_days=7, answer_days=5, next_at=timezone.now())
    CampaignPlan.objects.filter(pk=made.pk).update(next_at=START)
    at = timezone.now()
    assert plans.launch_due(at) == 1
    made.refresh_from_db()
    assert (made.next_at - START) % (7 * DAY) == timedelta(0)
    assert at < made.next_at <= at + 7 * DAY


@db
def test_a_rhythm_ends_by_itself_after_its_day(tenant: Tenant):
    at = timezone.now()
    made = plan(tenant, every_days=7, answer_days=5, next_at=at, ends_on=(at + 8 * DAY).date())
    assert plans.launch_due(at) == 1
    assert plans.launch_due(at + 7 * DAY + timedelta(minutes=1)) == 1
    made.refresh_from_db()
    assert not made.is_enabled
    assert plans.launch_due(at + 30 * DAY) == 0


@db
def test_one_found_only_after_its_end_launches_nothing(tenant: Tenant):
    made = plan(tenant, ends_on=timezone.now().date())
    assert plans.launch_due(timezone.now() + 3 * DAY) == 0
    made.refresh_from_db()
    assert (made.is_enabled, ReviewCampaign.objects.count()) == (False, 0)


@db
def test_one_that_is_switched_off_or_removed_launches_nothing(tenant: Tenant):
    first, second = plan(tenant), plan(tenant, name="Other")
    plans.change(first, actor=SYSTEM, is_enabled=False)
    plans.remove(second, actor=SYSTEM)
    assert plans.launch_due(timezone.now()) == 0


@db
def test_one_that_cannot_launch_holds_up_no_other_and_says_so_once(tenant: Tenant):
    admin, broken = register.person(tenant), plan(tenant)
    CampaignPlan.objects.filter(pk=broken.pk).update(scope={"colour": "red"})
    plan(tenant, name="Other")
    assert [plans.launch_due(timezone.now()) for _ in range(2)] == [1, 0]
    assert Notice.objects.filter(person=admin, kind="plan_not_launched").count() == 1


@db
def test_removed_its_campaigns_stay(tenant: Tenant):
    made = plan(tenant)
    plans.launch_due(timezone.now())
    plans.remove(made, actor=SYSTEM)
    assert ReviewCampaign.objects.get().plan is None


@db
def test_each_command_is_recorded_with_what_changed(tenant: Tenant):
    made = plan(tenant)
    plans.change(made, actor=SYSTEM, every_days=30)
    plans.change(made, actor=SYSTEM, every_days=30)
    plans.remove(made, actor=SYSTEM)
    found = AuditEvent.objects.filter(subject_id=str(made.pk)).order_by("id")
    assert [event.type for event in found] == ["campaign.planned", "campaign.plan_changed", "campaign.plan_removed"]
    assert found[1].changes == {"every_days": {"previous": 90, "current": 30}}


@given(st.integers(1, 1100), st.integers(0, 4000 * 86400))
def test_the_next_instant_is_the_first_of_the_rhythm_after_now(every: int, seconds: int):
    at = START + timedelta(seconds=seconds)
    following = plans.next_after(START, every, at)
    assert at < following <= at + timedelta(days=every)
    assert (following - START) % timedelta(days=every) == timedelta(0)
