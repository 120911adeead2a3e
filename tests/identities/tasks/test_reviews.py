"""The queue's half of reviews."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.inventory.states import State
from identities.recertification import plans
from identities.recertification.models import CampaignState, ReviewCampaign
from identities.tasks import reviews
from tests.factories import register
from tests.identities.recertification import questions

pytestmark = pytest.mark.django_db


def test_a_plan_that_is_due_is_launched_and_what_was_not_answered_acted_on():
    tenant = register.tenant()
    item = questions.item(questions.campaign(tenant))
    plans.create(tenant=tenant, name="Weekly", scope={}, every_days=7, answer_days=5, actor=register.SYSTEM)
    reviews.tend()
    item.identity.refresh_from_db()
    assert item.identity.state == State.DISABLED
    assert ReviewCampaign.objects.get(plan__isnull=False).state == CampaignState.OPEN


def test_who_was_asked_is_reminded():
    tenant, at = register.tenant(), timezone.now()
    day = timedelta(days=1)
    person = register.person(tenant)
    campaign = questions.campaign(tenant, opened_at=at - 10 * day, due_at=at + 2 * day)
    questions.item(campaign, reviewer=person)
    reviews.remind()
    reviews.remind()
    assert person.notices.filter(kind="review_reminder").count() == 1
