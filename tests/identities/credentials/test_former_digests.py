"""Secrets from before the key was replaced: they open while the former key counts, and then under the new one."""

import pytest

from identities.credentials import checking, former_digests, known
from identities.credentials.authentication import authenticate, digest_of
from identities.credentials.models import ClientSecret
from tests.factories import tokens as made
from tests.factories.keys import A, B, id_of, process
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    with process(A):
        return made.bot()


def test_without_the_former_key_the_secret_opens_nothing(bot: Bot) -> None:
    with process(B):
        assert authenticate(bot.client_id, bot.secret) is None
        assert known.known([bot.secret]) == {}
        assert checking.secret_with(bot.secret, bot.identity) is None


def test_a_wrong_secret_opens_nothing_and_moves_nothing(bot: Bot) -> None:
    with process(B, A):
        assert authenticate(bot.client_id, bot.secret + "x") is None
        assert authenticate("mi_another", "x" * 300) is None
        assert not former_digests.carry_over("x")
    assert ClientSecret.objects.get().digest_key == id_of(A)


def test_its_use_under_the_former_key_brings_it_over(bot: Bot) -> None:
    with process(B, A):
        proved = authenticate(bot.client_id, bot.secret)
        assert proved is not None
        assert proved.seen is not None
        assert proved.seen.digest == digest_of(bot.secret) == ClientSecret.objects.get().digest
    with process(B):
        assert authenticate(bot.client_id, bot.secret) is not None
    with process(A):
        assert authenticate(bot.client_id, bot.secret) is None


def test_a_check_and_a_search_find_it_and_move_nothing(bot: Bot) -> None:
    with process(B, A):
        assert checking.secret_with(bot.secret, bot.identity) is not None
        assert list(known.known([bot.secret, "another"])) == [bot.secret]
    assert ClientSecret.objects.get().digest_key == id_of(A)


def test_processes_of_both_orders_serve_it_side_by_side(bot: Bot) -> None:
    for keys_here in ((A, B), (B, A), (A, B), (B, A), (B, A)):
        with process(*keys_here):
            assert authenticate(bot.client_id, bot.secret) is not None
    assert ClientSecret.objects.get().digest_key == id_of(B)


def test_what_only_a_former_key_proves_is_named_until_it_ended(bot: Bot) -> None:
    with process(B, A):
        fresh = made.bot()
        ClientSecret.objects.filter(identity=bot.identity).update(digest_key="")
        assert [it.identity for it in former_digests.resting([id_of(B)])] == [bot.identity]
        assert [it.identity for it in former_digests.resting([id_of(B), ""])] == []
        assert [it.identity for it in former_digests.resting([id_of(A), ""])] == [fresh.identity]
        ClientSecret.objects.filter(identity=bot.identity).update(revoked_at="2026-01-01T00:00:00Z")
        assert not former_digests.resting([id_of(B)]).exists()


@pytest.mark.parametrize(("former", "right", "wrong"), [((), 1, 1), ((A,), 1, 2)])
def test_it_costs_nothing_where_no_key_is_being_replaced(
    former: tuple[str, ...], right: int, wrong: int, django_assert_num_queries
) -> None:
    with process(B, *former):
        bot = made.bot()
        authenticate(bot.client_id, bot.secret)
        with django_assert_num_queries(right):
            assert authenticate(bot.client_id, bot.secret) is not None
        with django_assert_num_queries(wrong):
            assert authenticate(bot.client_id, "wrong") is None
