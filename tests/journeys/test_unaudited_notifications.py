"""What is not audited does not happen, of telling alike: channels, subscriptions, deliveries that are given up."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.notifications import channels, sending, subscriptions
from identities.notifications.models import Channel, Delivery, DeliveryState, Subscription
from identities.people.models import User
from tests.factories import people
from tests.factories.receivers import receiving
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")


def admin() -> User:
    return User.objects.get(email="teller@example.com")


def hook() -> Channel:
    return Channel.objects.select_related("tenant").get()


def give_up() -> None:
    row = Delivery.objects.get()
    Delivery.objects.filter(pk=row.pk).update(tries=len(sending.PAUSES), send_at=timezone.now())
    sending.send_due(timezone.now())


def commands(url: str) -> dict[str, Callable[[], object]]:
    settings = {"url": url}
    return {
        "make a channel": lambda: channels.create(
            tenant_id=admin().tenant_id, name="hook", kind="webhook", settings=settings, actor=SYSTEM
        ),
        "change it": lambda: channels.change(hook(), name="hooked", actor=SYSTEM),
        "rotate its secret": lambda: channels.rotate_secret(hook(), actor=SYSTEM),
        "test it": lambda: channels.test(hook(), actor=SYSTEM),
        "subscribe": lambda: subscriptions.create(
            tenant_id=admin().tenant_id, by=admin(), actor=SYSTEM, name="x", types=["run.*"], audience="admins"
        ),
        "change the subscription": lambda: subscriptions.change(
            Subscription.objects.get(), by=admin(), actor=SYSTEM, digest_minutes=5
        ),
        "end the subscription": lambda: subscriptions.remove(Subscription.objects.get(), by=admin(), actor=SYSTEM),
        "send again": lambda: sending.resend(Delivery.objects.get(), actor=SYSTEM),
        "forget the channel": lambda: channels.remove(hook(), actor=SYSTEM),
    }


def test_nothing_is_set_that_the_audit_does_not_take(settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    people.person(email="teller@example.com")
    left_behind, without_record = [], []
    with receiving() as receiver:
        for name, command in commands(receiver.url).items():
            if name == "send again":
                Delivery.objects.create(tenant=hook().tenant, channel=hook(), subject="x", state=DeliveryState.DEAD)
            before, heard = state(), len(receiver.bodies)
            with no_room_in_the_audit(), contextlib.suppress(Exception):
                command()
            if state() != before or len(receiver.bodies) != heard:
                left_behind.append(name)
            records = AuditEvent.objects.count()
            command()
            if state() == before or AuditEvent.objects.count() == records:
                without_record.append(name)
    assert not left_behind
    assert not without_record


def test_a_delivery_is_not_given_up_in_silence(settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as receiver:
        receiver.answers = [500] * 5
        tenant = people.person().tenant
        made, _ = channels.create(
            tenant_id=tenant.pk, name="h", kind="webhook", settings={"url": receiver.url}, actor=SYSTEM
        )
        Delivery.objects.create(tenant=tenant, channel=made, subject="x")
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            give_up()
        assert Delivery.objects.get().state == DeliveryState.WAITING
        give_up()
        assert Delivery.objects.get().state == DeliveryState.DEAD
