"""Who is let in, at what cost, and that every no looks the same."""

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identities.credentials import authentication, services as credentials
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientSecret
from identities.credentials.secret_format import generate
from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from tests.factories import register, tokens
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    return tokens.bot()


def _unknown(bot: Bot) -> tuple[str, str]:
    return "mi_nobody", bot.secret


def _wrong(bot: Bot) -> tuple[str, str]:
    return bot.client_id, generate("production")


def _disabled(bot: Bot) -> tuple[str, str]:
    tokens.stop(bot.identity)
    return bot.client_id, bot.secret


def _revoked(bot: Bot) -> tuple[str, str]:
    credentials.revoke(bot.identity.secrets.get(), reason="Leaked", actor=register.SYSTEM)
    return bot.client_id, bot.secret


def _ended(bot: Bot) -> tuple[str, str]:
    bot.identity.secrets.update(expires_at=timezone.now() - timedelta(seconds=1))
    return bot.client_id, bot.secret


def _anothers(bot: Bot) -> tuple[str, str]:
    return bot.client_id, tokens.bot().secret


def _too_long(bot: Bot) -> tuple[str, str]:
    return bot.client_id, bot.secret + "x" * 300


def _empty(bot: Bot) -> tuple[str, str]:
    return bot.client_id, ""


def _not_text(bot: Bot) -> tuple[str, str]:
    return "\udcff", "\udcff"


refusals = pytest.mark.parametrize(
    "prepare", [_unknown, _wrong, _disabled, _revoked, _ended, _anothers, _too_long, _empty, _not_text]
)


@refusals
def test_every_no_is_the_same_and_costs_the_same(bot: Bot, prepare: Callable[[Bot], tuple[str, str]]) -> None:
    client_id, secret = prepare(bot)
    with (
        CaptureQueriesContext(
            connection,
        ) as asked,
        patch.object(authentication, "digest", side_effect=authentication.digest) as hashed,
        patch.object(authentication, "is_same", side_effect=authentication.is_same) as compared,
    ):
        assert authenticate(client_id, secret) is None
    assert (len(asked), hashed.call_count, compared.call_count) == (1, 1, 1)
    assert len(hashed.call_args.args[0].encode(errors="surrogatepass")) <= 256


@pytest.mark.parametrize("state", [state for state in State if state is not State.ACTIVE])
def test_only_an_active_identity_is_let_in(bot: Bot, state: State) -> None:
    tokens.stop(bot.identity, state)
    assert authenticate(bot.client_id, bot.secret) is None


def test_a_right_secret_lets_in_for_one_query(bot: Bot, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        found = authenticate(bot.client_id, bot.secret)
    assert found is not None
    assert found.identity == bot.identity


def test_each_of_several_secrets_lets_in(bot: Bot) -> None:
    second = credentials.issue(bot.identity, actor=register.SYSTEM)
    for text in (bot.secret, second.text):
        assert authenticate(bot.client_id, text) is not None


def test_a_use_is_marked_on_that_secret_and_the_identity_alone(bot: Bot) -> None:
    other = credentials.issue(bot.identity, actor=register.SYSTEM).secret
    authenticate(bot.client_id, bot.secret)
    authenticate(bot.client_id, bot.secret)
    authenticate(bot.client_id, generate("production"))
    usage.flush()
    used = bot.identity.secrets.exclude(pk=other.pk).get()
    assert (used.uses, used.last_used_at is not None) == (2, True)
    assert ClientSecret.objects.get(pk=other.pk).last_used_at is None
    assert ManagedIdentity.objects.get(pk=bot.identity.pk).last_used_at is not None
