"""How an identity proves itself, as others agreed to it: a rotation is no change, another kind or place is."""

import pytest
from django.utils import timezone

from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, ExternalCredential
from identities.credentials.portrait import Secrets
from tests.factories import client_keys, people as cast, tokens

pytestmark = pytest.mark.django_db


def told(identity):
    return Secrets().of([identity]).get(identity.pk)


def test_nobody_is_asked_for_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Secrets().of([]) == {}


def test_who_has_no_credential_has_nothing_of_it():
    assert told(tokens.identity()) is None


def test_a_second_secret_of_the_same_kind_and_use_change_nothing():
    bot = tokens.bot()
    before = told(bot.identity)
    assert before == [["client_secret", "", ""]]
    credentials.issue(bot.identity, actor=cast.SYSTEM)
    ClientSecret.objects.filter(identity=bot.identity).update(uses=7, last_used_at=timezone.now())
    assert told(bot.identity) == before


def test_every_kind_is_told_in_one_query_for_any_number(django_assert_num_queries):
    bot, signing = tokens.bot(), client_keys.signing()
    ExternalCredential.objects.create(
        identity=bot.identity, kind="access_key", source="aws/1", external_id="AKIA", stored_at="Jenkins"
    )
    with django_assert_num_queries(1):
        found = Secrets().of([bot.identity, signing.identity])
    assert found[bot.identity.pk] == [["access_key", "Jenkins", ""], ["client_secret", "", ""]]
    assert ["client_key", "", ""] in found[signing.identity.pk]


def test_no_secret_and_no_digest_of_one_stands_in_it():
    bot = tokens.bot()
    kept = ClientSecret.objects.get(identity=bot.identity)
    assert kept.digest not in str(told(bot.identity))
