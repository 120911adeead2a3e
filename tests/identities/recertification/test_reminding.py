"""Before the deadline: one digest a person, a campaign and an instant; who cannot or does not look is passed over."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st

from audit.models import AuditEvent
from identities.people.models import Notice, PortalRole, Tenant, User
from identities.recertification import reminding
from identities.recertification.models import CampaignState, ReviewCampaign, ReviewItem
from tests.factories import register
from tests.identities.recertification import questions

DAY = timedelta(days=1)
OPENED = datetime(2026, 1, 5, 8, tzinfo=UTC)
db = pytest.mark.django_db


@given(st.integers(1, 400 * 86400))
def test_reminders_lie_within_the_campaign_and_in_order(seconds: int):
    due = OPENED + timedelta(seconds=seconds)
    found = reminding.instants(OPENED, due)
    assert found == sorted(set(found))
    assert all(OPENED < instant < due for instant in found)
    assert 1 <= len(found) <= 3


def test_of_two_weeks_it_is_half_time_three_days_and_one():
    found = reminding.instants(OPENED, OPENED + 14 * DAY)
    assert [instant - OPENED for instant in found] == [7 * DAY, 11 * DAY, 13 * DAY]


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def campaign(of: Tenant, *, days: float = 5, **facts: object) -> ReviewCampaign:
    at = timezone.now()
    return questions.campaign(of, opened_at=at - (14 - days) * DAY, due_at=at + days * DAY, **facts)


def reminders(person: User) -> list[str]:
    return [row.subject for row in Notice.objects.filter(person=person, kind="review_reminder")]


@db
def test_before_half_time_nobody_is_reminded(tenant: Tenant):
    person = register.person(tenant)
    questions.item(campaign(tenant, days=8), reviewer=person)
    assert reminding.remind(timezone.now()) == 0
    assert reminders(person) == []


@db
def test_one_digest_for_all_items_of_a_person_and_no_second_one(tenant: Tenant):
    person, row = register.person(tenant), campaign(tenant)
    for _ in range(3):
        questions.item(row, reviewer=person)
    assert [reminding.remind(timezone.now()) for _ in range(3)] == [1, 0, 0]
    assert [text.split()[0] for text in reminders(person)] == ["3"]
    assert AuditEvent.objects.filter(type="review.reminded", subject_id=str(row.pk)).count() == 1


@db
def test_each_instant_has_its_own(tenant: Tenant):
    person, row = register.person(tenant), campaign(tenant)
    questions.item(row, reviewer=person, seen_at=timezone.now())
    for at in (timezone.now(), row.due_at - 3 * DAY, row.due_at - timedelta(hours=12)):
        reminding.remind(at)
        reminding.remind(at)
    assert len(reminders(person)) == 3


@db
def test_after_an_outage_only_the_last_one_is_sent(tenant: Tenant):
    person, row = register.person(tenant), campaign(tenant, days=0.5)
    questions.item(row, reviewer=person, seen_at=timezone.now())
    reminding.remind(timezone.now())
    assert len(reminders(person)) == 1


@db
def test_who_was_asked_after_the_instant_is_not_reminded_of_it(tenant: Tenant):
    person = register.person(tenant)
    questions.item(campaign(tenant), reviewer=person, opened_at=timezone.now())
    assert reminding.remind(timezone.now()) == 0


@db
@pytest.mark.parametrize("state", [CampaignState.PREPARING, CampaignState.CLOSED, CampaignState.CANCELLED])
def test_of_what_is_not_open_nobody_hears(tenant: Tenant, state: str):
    questions.item(campaign(tenant, state=state), reviewer=register.person(tenant))
    assert reminding.remind(timezone.now()) == 0


@db
def test_whose_account_was_disabled_is_passed_over_at_once(tenant: Tenant):
    gone = register.person(tenant, is_active=False)
    deputy = register.person(tenant)
    bot = register.identity(tenant, deputy_owner=str(deputy.pk))
    trail = [{"reviewer": str(gone.pk), "label": gone.email}]
    item = questions.item(campaign(tenant, days=10), bot, reviewer=gone, trail=trail)
    assert reminding.remind(timezone.now()) == 1
    item.refresh_from_db()
    assert item.reviewer == deputy
    assert [entry["label"] for entry in item.trail] == [gone.email, deputy.email]
    assert AuditEvent.objects.filter(type="review.escalated", subject_id=str(bot.pk)).count() == 1
    assert reminding.remind(timezone.now()) == 0


@db
def test_who_may_not_answer_any_more_or_was_never_found_is_passed_over(tenant: Tenant):
    admin = register.person(tenant)
    demoted = register.person(tenant, role=PortalRole.READ_ONLY)
    row = campaign(tenant, days=10)
    items = [questions.item(row, reviewer=demoted), questions.item(row, reviewer=None)]
    assert reminding.remind(timezone.now()) == 2
    assert {ReviewItem.objects.get(pk=item.pk).reviewer for item in items} == {admin}


@db
def test_a_day_before_the_end_who_never_looked_is_passed_over_once(tenant: Tenant):
    owner, deputy = register.person(tenant), register.person(tenant)
    bot = register.identity(tenant, technical_owner=str(owner.pk), deputy_owner=str(deputy.pk))
    row = campaign(tenant, days=0.9)
    trail = [{"reviewer": str(owner.pk), "label": owner.email}]
    unseen = questions.item(row, bot, reviewer=owner, trail=trail)
    seen = questions.item(row, reviewer=owner, trail=trail, seen_at=timezone.now())
    reminding.remind(timezone.now())
    reminding.remind(timezone.now())
    unseen.refresh_from_db()
    seen.refresh_from_db()
    assert (unseen.reviewer, seen.reviewer) == (deputy, owner)
    assert len(unseen.trail) == 2


@db
def test_what_is_asked_on_the_last_day_is_not_passed_over(tenant: Tenant):
    owner, deputy = register.person(tenant), register.person(tenant)
    bot = register.identity(tenant, technical_owner=str(owner.pk), deputy_owner=str(deputy.pk))
    trail = [{"reviewer": str(owner.pk), "label": owner.email}]
    row = campaign(tenant, days=0.9)
    late = questions.item(row, bot, reviewer=owner, trail=trail, opened_at=timezone.now())
    reminding.remind(timezone.now())
    late.refresh_from_db()
    assert (late.reviewer, late.escalated_at) == (owner, None)


@db
def test_where_nobody_is_left_it_stays_with_who_has_it(tenant: Tenant):
    owner = register.person(tenant, role=PortalRole.ANALYST)
    bot = register.identity(tenant, technical_owner=str(owner.pk))
    trail = [{"reviewer": str(owner.pk), "label": owner.email}]
    item = questions.item(campaign(tenant, days=0.9), bot, reviewer=owner, trail=trail)
    reminding.remind(timezone.now())
    item.refresh_from_db()
    assert (item.reviewer, len(item.trail)) == (owner, 1)


@db
def test_nobody_of_another_tenant_is_asked(tenant: Tenant):
    register.person(register.tenant())
    gone = register.person(tenant, is_active=False)
    item = questions.item(campaign(tenant), reviewer=gone)
    reminding.remind(timezone.now())
    item.refresh_from_db()
    assert item.reviewer == gone
