"""The webhook's signature: the standard's own example, our documentation's ten lines, and both secrets for a day."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from identities.notifications import channels, opening, secret_box
from identities.notifications.models import Channel
from identities.notifications.sinks.base import SinkFailed
from identities.notifications.sinks.webhook import Webhook, signature
from identities.vaults.secret_text import SecretText
from tests.architecture.contract import ROOT
from tests.factories import people
from tests.factories.receivers import Receiver
from tests.identities.notifications.conftest import SYSTEM


def documented() -> Any:
    """`verify` as docs/notifications.md has it."""
    text = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], found)
    return found["verify"]


def test_the_signature_is_that_of_the_standards_example() -> None:
    """From the reference implementation's own tests."""
    secret = SecretText("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_secret_is_another_one() -> None:
    assert len({Webhook.fresh_secret().reveal() for _ in range(5)}) == 5


@pytest.mark.django_db
def test_what_arrives_passes_the_documented_check_and_nothing_else_does(receiver: Receiver) -> None:
    channel, secret = channels.create(
        tenant_id=people.tenant().pk, name="h", kind="webhook", settings={"url": receiver.url}, actor=SYSTEM
    )
    assert secret is not None
    channels.test(channel, actor=SYSTEM)
    headers, body, verify = receiver.headers[0], receiver.bodies[0], documented()
    assert not verify("whsec_" + "A" * 44, headers, body)
    assert not verify(secret.reveal(), headers, body + b" ")
    assert not verify(secret.reveal(), {**headers, "webhook-id": "msg_other"}, body)
    assert not verify(secret.reveal(), {**headers, "webhook-timestamp": "1614265330"}, body)
    assert verify(secret.reveal(), headers, body)
    assert json.loads(body)["type"] == "steward.test"


@pytest.mark.django_db
def test_while_a_secret_is_changed_both_sign_and_afterwards_the_new_one_alone(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, old = channels.create(
        tenant_id=people.tenant().pk, name="h", kind="webhook", settings={"url": receiver.url}, actor=SYSTEM
    )
    channel, new = channels.rotate_secret(channel, actor=SYSTEM)
    assert old is not None
    channels.test(channel, actor=SYSTEM)
    for secret in (old, new):
        assert documented()(secret.reveal(), receiver.headers[0], receiver.bodies[0])
    later = timezone.now() + secret_box.OVERLAP + timedelta(seconds=1)
    assert secret_box.opened(channel, later) == [new]


@pytest.mark.django_db
def test_a_secret_that_does_not_open_is_said_and_not_sent(receiver: Receiver) -> None:
    channel, _ = channels.create(
        tenant_id=people.tenant().pk, name="h", kind="webhook", settings={"url": receiver.url}, actor=SYSTEM
    )
    other = Channel(tenant=channel.tenant, kind="webhook", settings=channel.settings, secret_box=channel.secret_box)
    with pytest.raises(SinkFailed, match="does not open"):
        opening.opened(other)
    assert receiver.bodies == []
