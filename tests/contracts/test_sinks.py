"""What every kind of channel promises, asked of each one registered: a new file must join in here or fail."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from identities.errors import Invalid
from identities.notifications import channels, opening
from identities.notifications.message import Message, Told
from identities.notifications.models import Channel
from identities.notifications.sinks.base import Sink, SinkFailed
from identities.notifications.sinks.register import installed, sink_class
from tests.factories import people
from tests.factories.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db
CANARY = "canary-4c1f"
HOUR = datetime(2027, 1, 31, 9, 14, tzinfo=UTC)


class Deaf(BaseEmailBackend):
    """A mail server that hangs up and says too much."""

    def send_messages(self, email_messages: Any) -> int:
        raise OSError(f"no, because of {CANARY}")


class World:
    """Both ways out of here: a receiver and a mail server."""

    def __init__(self, receiver: Receiver, settings: Any) -> None:
        self.receiver, self.settings = receiver, settings

    @property
    def arrived(self) -> list[str]:
        return [body.decode() for body in self.receiver.bodies] + [str(message.body) for message in mail.outbox]

    def go_deaf(self) -> None:
        self.receiver.answers = [500] * 9
        self.settings.EMAIL_BACKEND = f"{__name__}.Deaf"


#: For each kind: settings and secret that lead to the receiver, and some that must be refused.
INPUT: dict[str, tuple[Callable[[Receiver], dict[str, Any]], list[dict[str, Any]]]] = {
    "webhook": (
        lambda receiver: {"settings": {"url": receiver.url}},
        [{"settings": {}}, {"settings": {"url": "ftp://x"}}, {"settings": {"url": "https://u:p@x.example"}}],
    ),
    "slack": (
        lambda receiver: {"secret": f"{receiver.url}/{CANARY}"},
        [{}, {"secret": "javascript:1"}, {"secret": "http://hooks.example.com/x"}],
    ),
    "email": (
        lambda receiver: {"settings": {"to": "ops@example.com, on-call@example.com"}},
        [{"settings": {}}, {"settings": {"to": "nobody"}}, {"settings": {"to": "a@example.com\nBcc: b@example.com"}}],
    ),
}


@pytest.fixture
def world(settings: Any) -> Any:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as receiver:
        yield World(receiver, settings)


@pytest.fixture(params=sorted(INPUT))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def channel(kind: str, world: World) -> Channel:
    facts = INPUT[kind][0](world.receiver)
    return channels.create(tenant_id=people.tenant().pk, name="it", kind=kind, actor=people.SYSTEM, **facts)[0]


def message(label: str = "payroll-bot", reason: str = "why") -> Message:
    subject, actor = {"kind": "identity", "id": "x", "label": label}, {"kind": "person", "label": "ada@example.com"}
    told = Told(
        people.tenant().pk, "identity.changed", HOUR, "success", subject, actor, reason, {}, "https://s.example/x"
    )
    return Message("msg_1", HOUR, "t", "Harbour", f"{label}: identity changed", "https://s.example/x", [told])


def test_every_kind_is_asked() -> None:
    assert set(INPUT) == set(installed())


def test_what_does_not_fit_is_refused_and_nothing_is_kept(kind: str) -> None:
    for wrong in INPUT[kind][1]:
        with pytest.raises(Invalid):
            channels.create(tenant_id=people.tenant().pk, name="it", kind=kind, actor=people.SYSTEM, **wrong)
    assert not Channel.objects.exists()


def test_it_fails_in_words_that_hold_neither_its_secret_nor_what_the_other_side_said(
    channel: Channel, world: World
) -> None:
    world.go_deaf()
    with pytest.raises(SinkFailed) as failed:
        opening.opened(channel).send(message())
    assert str(failed.value).endswith(".")
    assert CANARY not in str(failed.value)
    assert failed.value.__cause__ is None


def test_it_arrives_and_says_what_happened(channel: Channel, world: World) -> None:
    opening.opened(channel).send(message())
    assert len(world.arrived) == 1
    assert "payroll-bot" in world.arrived[0]
    assert "https://s.example/x" in world.arrived[0]


def test_a_label_that_somebody_wrote_forges_no_line_and_no_link(channel: Channel, world: World) -> None:
    opening.opened(channel).send(message("x <https://evil.example|click> <!channel>\r\nBcc: a@example.com"))
    assert len(world.arrived) == 1
    if channel.kind == "slack":
        assert "<https://evil" not in world.arrived[0]
        assert "<!channel>" not in world.arrived[0]
    assert not mail.outbox or "\n" not in mail.outbox[0].subject


def test_neither_repr_nor_attributes_show_the_secret(channel: Channel, world: World) -> None:
    sink = opening.opened(channel)
    assert CANARY not in repr(sink) + repr(vars(sink)) + channel.secret_box + repr(channel.settings)


def test_settings_survive_the_way_out_and_in(kind: str, channel: Channel) -> None:
    made = sink_class(kind).Settings.from_json(channel.settings)
    assert made.as_json() == channel.settings


def test_a_label_stands_for_people(kind: str) -> None:
    sink: type[Sink] = sink_class(kind)
    assert sink.label != sink.kind
