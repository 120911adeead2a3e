"""Channels: made, changed, removed, with their secrets kept to themselves."""

import json
from typing import Any

import pytest

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Unavailable
from identities.notifications import channels
from identities.notifications.models import Channel, Delivery
from identities.people.models import Tenant
from tests.factories.receivers import Receiver
from tests.identities.notifications.conftest import SYSTEM, Subscribe

pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.example/services/T/B/canary-slack"


def said() -> str:
    """Everything that the audit holds of channels."""
    rows = AuditEvent.objects.filter(subject_kind="channel")
    return json.dumps([row.as_record() for row in rows])


def slack(tenant: Tenant, name: str = "chat") -> Channel:
    return channels.create(tenant_id=tenant.pk, name=name, kind="slack", secret=SLACK, actor=SYSTEM)[0]


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"settings": {"url": 5}}, "settings"),
        ({"settings": {"url": "https://a.example", "extra": "x"}}, "settings"),
        ({"settings": {"url": "https://a.example"}, "secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_member(tenant: Tenant, facts: dict[str, Any], member: str) -> None:
    with pytest.raises(Invalid) as refused:
        channels.create(tenant_id=tenant.pk, actor=SYSTEM, **{"name": "x", "kind": "webhook", **facts})
    assert list(refused.value.errors) == [member]


def test_two_of_one_name_are_not_made(tenant: Tenant) -> None:
    slack(tenant)
    with pytest.raises(Conflict):
        slack(tenant)


def test_no_secret_stands_in_the_row_or_in_the_audit(tenant: Tenant, webhook: Channel) -> None:
    chat = slack(tenant)
    channels.change(chat, secret=SLACK + "2", name="other", actor=SYSTEM)
    _, fresh = channels.rotate_secret(webhook, actor=SYSTEM)
    assert "canary-slack" not in said() + chat.secret_box + json.dumps(chat.settings)
    assert fresh.reveal() not in said()
    assert '"secret_status"' in said()


def test_what_changes_nothing_leaves_no_record(webhook: Channel) -> None:
    before = AuditEvent.objects.count()
    channels.change(webhook, name=webhook.name, settings=webhook.settings, actor=SYSTEM)
    assert AuditEvent.objects.count() == before


def test_only_a_webhooks_secret_is_made_here(tenant: Tenant) -> None:
    with pytest.raises(Conflict, match="makes no secret"):
        channels.rotate_secret(slack(tenant), actor=SYSTEM)


def test_a_channel_that_is_named_stays(webhook: Channel, subscribe: Subscribe) -> None:
    subscribe("run.*", channel_id=webhook.pk)
    with pytest.raises(Conflict):
        channels.remove(webhook, actor=SYSTEM)
    assert Channel.objects.exists()


def test_what_was_to_be_sent_goes_with_the_channel(webhook: Channel) -> None:
    Delivery.objects.create(tenant=webhook.tenant, channel=webhook, subject="x")
    channels.remove(webhook, reason="moved", actor=SYSTEM)
    assert not Delivery.objects.exists()
    assert AuditEvent.objects.latest("id").details == {"deliveries": 1}


def test_a_test_that_fails_says_why_and_stays_on_the_record(webhook: Channel, receiver: Receiver) -> None:
    receiver.answers = [404]
    with pytest.raises(Unavailable, match="404"):
        channels.test(webhook, actor=SYSTEM)
    webhook.refresh_from_db()
    assert webhook.last_problem == "The receiver answered 404."
    found = AuditEvent.objects.filter(type="channel.tested").order_by("id").values_list("outcome", flat=True)
    assert list(found) == ["success", "failure"]
