"""A credential that outlived its cutover, at the doors of Passport; and from where each was used."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials.models import ClientSecret, SecretSource
from identities.inventory import knocks, usage
from identities.inventory.models import Knock
from tests.factories import tokens as made
from tests.factories.tokens import Bot
from tests.identities.oauth.wire import ASK, FORM, basic

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    return made.bot(permissions=("token.introspect",))


def ask(client: Client, bot: Bot, path: str = "token", agent: str = "cron/1.0", **more: str) -> Any:
    form = urlencode((ASK if path == "token" else {}) | more)
    headers = {**basic(bot.client_id, bot.secret), "User-Agent": agent}
    return client.post(f"/passport/{path}", form, content_type=FORM, headers=headers, REMOTE_ADDR="192.0.2.9")


def throttle_old(bot: Bot) -> None:
    ClientSecret.objects.filter(identity=bot.identity).update(throttled_at=timezone.now())


def test_one_that_should_have_been_replaced_gets_one_token_a_minute(client: Client, bot: Bot) -> None:
    throttle_old(bot)
    assert ask(client, bot).status_code == 200
    for path, more in (("token", {}), ("introspect", {"token": "x"}), ("revoke", {"token": "x"})):
        answer = ask(client, bot, path, **more)
        assert (answer.status_code, answer.json()["error"]) == (429, "slow_down")
        assert 1 <= int(answer["Retry-After"]) <= 60
    assert "within the minute" in AuditEvent.objects.filter(type="token.refused")[0].reason


def test_who_has_to_wait_is_still_seen(client: Client, bot: Bot) -> None:
    throttle_old(bot)
    for _ in range(3):
        ask(client, bot)
    usage.flush()
    assert SecretSource.objects.get().uses == 3


def test_a_token_request_leaves_its_address_and_client_program(client: Client, bot: Bot) -> None:
    ask(client, bot)
    ask(client, bot, agent="job/2.0")
    usage.flush()
    assert set(SecretSource.objects.values_list("address", "user_agent", "uses")) == {
        ("192.0.2.9", "cron/1.0", 1),
        ("192.0.2.9", "job/2.0", 1),
    }


def test_a_right_secret_of_a_stopped_identity_is_refused_like_any_other_and_noted(client: Client, bot: Bot) -> None:
    made.stop(bot.identity)
    assert ask(client, bot).status_code == 401
    knocks.flush()
    assert Knock.objects.values_list("address", "user_agent").get() == ("192.0.2.9", "cron/1.0")
