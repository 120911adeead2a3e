"""One bite of unanswered items: whom it takes, and what it writes."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.utils import timezone

from identities.inventory.states import State
from identities.recertification import unanswered
from identities.recertification.models import ItemState
from tests.factories import register
from tests.identities.recertification import questions

pytestmark = pytest.mark.usefixtures("in_transaction")


@pytest.fixture
def in_transaction(db: None) -> Iterator[None]:
    with transaction.atomic():
        yield


def test_only_what_is_in_that_state_is_held():
    campaign = questions.campaign(register.tenant())
    open_one, decided = questions.item(campaign), questions.item(campaign, state=ItemState.DECIDED)
    held = unanswered.hold(campaign, [open_one.pk, decided.pk], state=ItemState.OPEN)
    assert held == [open_one]
    assert unanswered.hold(campaign, [open_one.pk], state=ItemState.SILENT, pending=True) == []


def test_nothing_to_settle_settles_nothing():
    assert unanswered.settle([], at=timezone.now()) == 0


def test_what_is_certified_loses_it_whatever_its_tier():
    campaign = questions.campaign(register.tenant())
    item = questions.item(campaign, risk_tier="low")
    type(item.identity).objects.filter(pk=item.identity_id).update(certified_until=timezone.now())
    held = unanswered.hold(campaign, [item.pk], state=ItemState.OPEN)
    assert unanswered.settle(held, at=timezone.now()) == 1
    item.identity.refresh_from_db()
    assert (item.identity.certified_until, item.identity.state) == (None, State.ACTIVE)
