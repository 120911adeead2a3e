"""Deliveries: sent once, tried again, given up where one sees it, sent again by hand; nothing secret on the way."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict
from identities.notifications import channels, sending
from identities.notifications.models import Channel, Delivery, DeliveryState
from identities.people.models import Notice, Tenant, User
from tests.factories import tokens
from tests.factories.receivers import Receiver
from tests.identities.notifications.conftest import SYSTEM, Happen, Subscribe, read

pytestmark = pytest.mark.django_db
CANARY = "AKIACANARYCANARY1234"


def send(at: datetime | None = None) -> int:
    return sending.send_due(at or timezone.now())


@pytest.fixture
def due(began: None, happen: Happen, subscribe: Subscribe, webhook: Channel, tenant: Tenant) -> Delivery:
    subscribe("identity.changed", audience="nobody", channel_id=webhook.pk)
    happen("identity.changed", tokens.identity(of=tenant, name="told-bot"), reason=f"key {CANARY} was seen")
    read()
    return Delivery.objects.get()


def again() -> Delivery:
    return Delivery.objects.get()


@pytest.mark.usefixtures("db")
def test_where_nothing_waits_one_question_is_asked(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert send() == 0


def test_nothing_secret_leaves_and_no_detail_that_is_not_allowed(
    due: Delivery, receiver: Receiver, happen: Happen, tenant: Tenant
) -> None:
    happen("identity.changed", tokens.identity(of=tenant), details={"code": "x", "internal": "keep this here"})
    read()
    assert send() == 2
    sent = b"".join(receiver.bodies).decode()
    assert CANARY not in sent
    assert "keep this here" not in sent
    assert json.loads(receiver.bodies[1])["data"]["details"] == {"code": "x"}


def test_what_is_sent_says_what_happened_to_what(due: Delivery, receiver: Receiver, tenant: Tenant) -> None:
    assert [send(), send()] == [1, 0]
    body = json.loads(receiver.bodies[0])
    assert (body["type"], body["data"]["subject"]["label"]) == ("identity.changed", "told-bot")
    assert body["data"]["tenant"] == {"id": str(tenant.pk), "name": tenant.name}
    assert body["data"]["link"].endswith(f"/admin/identities/managedidentity/{body['data']['subject']['id']}/change/")
    assert (again().state, again().channel.last_problem) == (DeliveryState.SENT, "")


def test_a_channel_that_is_off_sends_nothing_and_loses_nothing(due: Delivery, receiver: Receiver) -> None:
    channels.change(due.channel, is_enabled=False, actor=SYSTEM)
    assert (send(), again().state) == (0, DeliveryState.WAITING)
    channels.change(due.channel, is_enabled=True, actor=SYSTEM)
    assert send() == 1


def test_a_failure_is_tried_again_later_with_the_same_id(due: Delivery, receiver: Receiver) -> None:
    receiver.answers = [500]
    assert send() == 0
    found = again()
    assert (found.tries, found.problem) == (1, "The receiver answered 500.")
    assert timedelta(seconds=3) < found.send_at - timezone.now() < timedelta(seconds=7)
    assert send() == 0
    assert send(timezone.now() + timedelta(minutes=1)) == 1
    assert receiver.headers[0]["webhook-id"] == receiver.headers[1]["webhook-id"]


def test_after_the_last_try_it_is_dead_and_the_admins_hear_of_it_once(
    due: Delivery, receiver: Receiver, admin: User
) -> None:
    receiver.answers = [503] * 50
    at = timezone.now()
    for _ in range(len(sending.PAUSES) + 3):
        send(at)
        at += timedelta(days=1)
    assert (again().state, again().tries) == (DeliveryState.DEAD, len(sending.PAUSES) + 1)
    assert AuditEvent.objects.filter(type="notification.delivery_died").count() == 1
    assert Notice.objects.get(person=admin).kind == "delivery_dead"


def test_what_was_given_up_is_sent_again_by_hand(due: Delivery, receiver: Receiver) -> None:
    with pytest.raises(Conflict, match="not given up"):
        sending.resend(due, actor=SYSTEM)
    Delivery.objects.update(state=DeliveryState.DEAD, tries=7)
    sending.resend(due, actor=SYSTEM)
    assert (send(), again().state) == (1, DeliveryState.SENT)


def test_killed_between_taking_and_sending_it_goes_once_more_and_not_before(
    due: Delivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sending, "opened", killed)
        with pytest.raises(KeyboardInterrupt):
            send()
    assert (send(), receiver.bodies) == (0, [])
    assert send(timezone.now() + sending.LEASE + timedelta(seconds=1)) == 1


def test_killed_after_sending_it_comes_twice_with_one_id(
    due: Delivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_ours", killed)
        with pytest.raises(KeyboardInterrupt):
            send()
    assert send(timezone.now() + sending.LEASE + timedelta(seconds=1)) == 1
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1
    assert len(receiver.bodies) == 2


def test_a_late_worker_does_not_overwrite_what_another_did(due: Delivery, receiver: Receiver) -> None:
    stale = again()
    stale.tries = 1
    Delivery.objects.update(tries=2)
    sending._note_failure(stale, "late")
    assert (again().problem, again().state) == ("", DeliveryState.WAITING)


def test_a_channel_that_fails_is_left_alone_for_the_round(
    due: Delivery, receiver: Receiver, happen: Happen, tenant: Tenant
) -> None:
    for _ in range(5):
        happen("identity.changed", tokens.identity(of=tenant))
    read()
    receiver.answers = [500] * 10
    assert (send(), len(receiver.bodies)) == (0, 1)


def test_a_burst_of_eighty_is_two_mails(
    began: None, happen: Happen, subscribe: Subscribe, tenant: Tenant, settings: Any
) -> None:
    channel, _ = channels.create(
        tenant_id=tenant.pk, name="mail", kind="email", settings={"to": "ops@example.com"}, actor=SYSTEM
    )
    subscribe("identity.changed", audience="nobody", channel_id=channel.pk)
    for number in range(80):
        happen("identity.changed", tokens.identity(of=tenant, name=f"bot-{number}"))
        if number in (0, 30):
            read()
            send()
    read()
    send()
    assert len(mail.outbox) == 1
    send(timezone.now() + timedelta(minutes=16))
    assert [message.subject for message in mail.outbox][1] == "[Steward] 79 events: watch"
    assert "bot-79" in mail.outbox[1].body


def test_a_digest_waits_and_goes_together(
    began: None, happen: Happen, subscribe: Subscribe, webhook: Channel, tenant: Tenant, receiver: Receiver
) -> None:
    subscribe("identity.changed", audience="nobody", channel_id=webhook.pk, digest_minutes=30)
    for _ in range(7):
        happen("identity.changed", tokens.identity(of=tenant))
    read()
    assert (send(), Delivery.objects.count()) == (0, 1)
    assert send(timezone.now() + timedelta(minutes=31)) == 1
    body = json.loads(receiver.bodies[0])
    assert (body["type"], len(body["data"]["events"])) == ("steward.digest", 7)


def test_what_arrived_a_month_ago_is_dropped_and_the_dead_stay(due: Delivery, webhook: Channel) -> None:
    long_ago = timezone.now() - timedelta(days=40)
    for state in DeliveryState:
        Delivery.objects.create(
            tenant=webhook.tenant, channel=webhook, subject=state, state=state, sent_at=long_ago, created_at=long_ago
        )
    assert sending.forget_sent(timezone.now()) == 1
    assert Delivery.objects.filter(state=DeliveryState.DEAD).exists()
