"""Whose a secret is, asked by its digest alone."""

import pytest

from identities.credentials import services as credentials
from identities.credentials.known import AT_ONCE, known
from identities.credentials.secret_format import generate
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db


def test_ours_are_known_live_or_ended_and_others_are_not():
    bot = bots.identity()
    live, ended = credentials.issue(bot, actor=cast.SYSTEM), credentials.issue(bot, actor=cast.SYSTEM)
    credentials.revoke(ended.secret, reason="x", actor=cast.SYSTEM)
    stranger = generate("production")
    assert known({live.text, ended.text, stranger}) == {live.text: live.secret, ended.text: ended.secret}


def test_many_are_asked_in_a_few_queries(django_assert_num_queries):
    with django_assert_num_queries(2):
        assert known({generate("sandbox") for _ in range(AT_ONCE + 1)}) == {}


def test_no_text_reaches_the_database(django_assert_num_queries):
    text = generate("production")
    with django_assert_num_queries(1) as asked:
        known({text})
    assert text not in str(asked.captured_queries)
