"""Campaigns worked on by several processes in the same instant: each step once, and nobody waits in a ring."""

import threading
import time
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from identities.people import notices
from identities.people.models import Notice
from identities.recertification import plans, reminding
from identities.recertification.models import CampaignPlan, ReviewCampaign, ReviewItem
from tests.factories import register
from tests.identities.recertification import questions
from tests.scheduling.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
DAY = timedelta(days=1)
#: Long enough for the other one to take what it takes first.
A_WHILE = 0.4


def test_a_plan_that_many_find_due_launches_one_campaign():
    tenant, at = register.tenant(), timezone.now()
    for number in range(3):
        register.identity(tenant)
        plan = plans.create(
            tenant=tenant, name=f"Plan {number}", scope={}, every_days=7, answer_days=7, actor=register.SYSTEM
        )
        CampaignPlan.objects.filter(pk=plan.pk).update(next_at=at - DAY)
        launched = race(6, lambda _: plans.launch_due(at))
        made = ReviewCampaign.objects.get(plan=plan)
        assert (sum(launched), made.items.count()) == (1, number + 1)
        plan.refresh_from_db()
        assert plan.next_at == at + 6 * DAY


def test_reminding_takes_items_in_the_order_of_those_who_certify_many():
    tenant = register.tenant()
    person, at = register.person(tenant), timezone.now()
    campaign = questions.campaign(tenant, opened_at=at - 9 * DAY, due_at=at + 5 * DAY)
    high, low = (questions.item(campaign, pk=UUID(int=number), reviewer=person) for number in (2, 1))
    is_held = threading.Event()

    def work(number: int) -> int:
        if number:
            is_held.wait()
            return reminding.remind(at)
        with transaction.atomic():
            for item in (low, high):
                ReviewItem.objects.select_for_update(no_key=True).get(pk=item.pk)
                is_held.set()
                time.sleep(A_WHILE)
        return 0

    assert race(2, work) == [0, 1]


def test_two_that_tell_the_same_people_do_not_wait_for_each_other_in_a_ring():
    tenant = register.tenant()
    crowd = [register.person(tenant) for _ in range(40)]

    def work(number: int) -> int:
        told = 0
        for turn in range(15):
            with transaction.atomic():
                people = crowd if number % 2 else crowd[::-1]
                told += notices.tell(people, tenant_id=tenant.pk, kind="k", key=f"{turn}", subject="s")
        connection.close()
        return told

    race(4, work)
    assert Notice.objects.count() == 15 * 40
