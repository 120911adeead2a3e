"""The standing campaign: one a week and tenant, made when first needed, by however many."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, strategies as st

from audit.actors import Actor
from identities.recertification import asking_again
from identities.recertification.models import CampaignState, ItemState, ReviewCampaign
from tests.factories import register

SYSTEM = Actor.system("tests")


@pytest.fixture
def in_transaction(db: None) -> Iterator[None]:
    with transaction.atomic():
        yield


MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.mark.usefixtures("in_transaction")
def test_within_a_week_it_is_the_same_one():
    tenant = register.tenant()
    first, same, next_one = (asking_again.standing(tenant.pk, MONDAY + timedelta(days=days)) for days in (0, 6.99, 7))
    assert first == same != next_one
    assert (first.name, first.due_at) == ("Changed after certification, 16 November 2026", MONDAY + timedelta(days=14))


@pytest.mark.usefixtures("in_transaction")
def test_one_that_was_cancelled_is_not_taken_up_again():
    tenant = register.tenant()
    first = asking_again.standing(tenant.pk, MONDAY)
    ReviewCampaign.objects.filter(pk=first.pk).update(state=CampaignState.CANCELLED)
    second = asking_again.standing(tenant.pk, MONDAY)
    assert second != first
    assert asking_again.standing(tenant.pk, MONDAY) == second


@pytest.mark.usefixtures("in_transaction")
def test_asked_about_the_whole_a_question_about_a_part_grows_to_it():
    tenant = register.tenant()
    bot = register.identity(tenant)
    first = asking_again.ask(bot, parts=["place"], at=MONDAY, actor=SYSTEM)
    assert asking_again.ask(bot, parts=[], at=MONDAY, actor=SYSTEM) == first
    first.refresh_from_db()
    assert first.asks == []
    asking_again.ask(bot, parts=["place"], at=MONDAY, actor=SYSTEM)
    asking_again.answered(bot, "place", at=MONDAY, why="x", actor=SYSTEM)
    first.refresh_from_db()
    assert (first.asks, first.state) == ([], ItemState.OPEN)


@given(st.integers(1, 5000 * 86400).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)))
def test_whoever_is_asked_has_at_least_a_week(at: datetime):
    began = asking_again.began(at)
    assert began <= at < began + asking_again.ROUND
    assert asking_again.ROUND < began + asking_again.ANSWER - at <= asking_again.ANSWER
