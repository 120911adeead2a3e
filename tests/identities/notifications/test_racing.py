"""Several workers at once: each event is told once and each delivery leaves once."""

import pytest
from django.utils import timezone

from identities.notifications import channels, reading, sending
from identities.notifications.models import Delivery, DeliveryState
from identities.people.models import Notice, User
from tests.factories import people, tokens
from tests.factories.receivers import Receiver
from tests.identities.notifications.conftest import SYSTEM, Happen, Subscribe
from tests.scheduling.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin() -> User:
    return people.person()


def test_each_event_is_told_once_and_each_delivery_leaves_once(
    admin: User, receiver: Receiver, happen: Happen, subscribe: Subscribe
) -> None:
    reading.read_on(timezone.now())
    hook, _ = channels.create(
        tenant_id=admin.tenant_id, name="hook", kind="webhook", settings={"url": receiver.url}, actor=SYSTEM
    )
    subscribe("identity.changed", channel_id=hook.pk)
    for _ in range(12):
        happen("identity.changed", tokens.identity(of=admin.tenant))
    assert sum(race(3, lambda _: reading.read_on(timezone.now()))) == 12
    assert (Delivery.objects.count(), Notice.objects.count()) == (12, 12)
    assert sum(race(3, lambda _: sending.send_due(timezone.now()))) == 12
    assert len(receiver.bodies) == 12
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}
