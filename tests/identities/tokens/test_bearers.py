"""Who stands behind a token: the signature is remembered for seconds, whether it holds is asked each time."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from identities.access.models import RoleBinding
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import Issuance
from identities.jose import verify as jose
from identities.people.models import RefreshToken, User
from identities.people.refresh_reasons import RACED
from identities.tokens import bearers, services as tokens
from identities.tokens.bearers import BadToken, Recent
from identities.tokens.keyring import keyring
from identities.tokens.user_tokens import VerifiedUserToken
from identities.tokens.verification import VerifiedToken
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db


@pytest.fixture
def recent(monkeypatch: pytest.MonkeyPatch) -> Recent:
    """A memory of our own, with nothing in it."""
    fresh = Recent()
    monkeypatch.setattr(bearers, "_recent", fresh)
    return fresh


def mint(bot: ManagedIdentity) -> tokens.Minted:
    return tokens.mint(bot, scope="roles", at=timezone.now())


def verified(bot: ManagedIdentity) -> VerifiedToken:
    token = bearers.read(mint(bot).access_token)
    assert isinstance(token, VerifiedToken)
    return token


def signed_in() -> tuple[User, VerifiedUserToken]:
    who = made.person()
    token = bearers.read(tokens.mint_user_token(who, session=uuid4()).access_token)
    assert isinstance(token, VerifiedUserToken)
    return who, token


@pytest.mark.parametrize(
    "stop",
    [
        lambda bot, token: tokens.revoke(token.jti, actor=made.SYSTEM),
        lambda bot, token: tokens.kill_tokens(bot, actor=made.SYSTEM),
        lambda bot, token: made.stop(bot),
        lambda bot, token: ManagedIdentity.objects.filter(pk=bot.pk).update(expires_at=timezone.now()),
        lambda bot, token: ManagedIdentity.objects.filter(pk=bot.pk).update(issuance=Issuance.EXTERNAL),
        lambda bot, token: ManagedIdentity.objects.filter(pk=bot.pk).update(tenant=made.tenant()),
    ],
    ids=["revoked", "killed", "disabled", "past its end", "issued elsewhere", "of another tenant"],
)
def test_a_stop_is_seen_with_the_next_request(stop) -> None:
    bot = made.bot(permissions=("role.read",)).identity
    token = verified(bot)
    assert bearers.machine(token, timezone.now())
    stop(bot, token)
    assert bearers.machine(token, timezone.now()) is None


def test_the_token_of_another_is_not_stopped_with_it() -> None:
    bot, stranger = made.identity(), made.identity()
    token = verified(stranger)
    tokens.revoke(verified(bot).jti, actor=made.SYSTEM)
    tokens.kill_tokens(bot, actor=made.SYSTEM)
    assert bearers.machine(token, timezone.now())


def test_roles_are_those_of_now(django_assert_num_queries) -> None:
    bot = made.identity()
    token = verified(bot)
    before = bearers.machine(token, timezone.now())
    one, two = made.grant(bot, "role.read", name="a"), made.grant(bot, "role.read", "run.read", "unheard.of", name="b")
    with django_assert_num_queries(1):
        found = bearers.machine(token, timezone.now())
    assert before is not None
    assert found is not None
    assert (before.permissions, before.role_names) == (frozenset(), ())
    assert found.permissions == frozenset({"role.read", "run.read"})
    assert found.role_names == (one.name, two.name)
    assert found.sources["role.read"] == tuple(RoleBinding.objects.order_by("role__name").values_list("pk", flat=True))
    assert (found.identity_id, found.tenant_id, found.environment) == (bot.pk, bot.tenant_id, bot.environment)
    assert (found.actor.label, found.actor.client_id, found.token_jti) == (bot.name, bot.client_id, str(token.jti))
    RoleBinding.objects.update(ended_at=timezone.now())
    ended = bearers.machine(token, timezone.now() + timedelta(seconds=1))
    assert ended is not None
    assert not ended.permissions


def test_an_account_is_as_its_row_is_now(django_assert_num_queries) -> None:
    who, token = signed_in()
    who.refresh_from_db()
    with django_assert_num_queries(1):
        found = bearers.person(token)
    assert found is not None
    assert {field.attname: getattr(found, field.attname) for field in User._meta.concrete_fields} == {
        field.attname: getattr(who, field.attname) for field in User._meta.concrete_fields
    }


@pytest.mark.parametrize(
    "change",
    [lambda: {"is_active": False}, lambda: {"password_set_at": timezone.now() + timedelta(seconds=5)}],
    ids=["disabled", "a new password"],
)
def test_an_account_that_is_out_is_out_at_once(change) -> None:
    who, token = signed_in()
    User.objects.filter(pk=who.pk).update(**change())
    assert bearers.person(token) is None


@pytest.mark.parametrize(("reason", "is_in"), [("signed-out", False), (RACED, True)])
def test_a_sign_in_that_ended_takes_its_tokens_along(reason: str, *, is_in: bool) -> None:
    who, token = signed_in()
    now = timezone.now()
    RefreshToken.objects.create(
        user=who,
        family=token.session,
        token_hash="0" * 64,
        issued_at=now,
        expires_at=now + timedelta(days=1),
        invalidated_at=now,
        reason=reason,
    )
    assert (bearers.person(token) is not None) is is_in


def count_verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    real = jose.verify

    def counting(text: str, *rest: object, **more: object) -> dict:
        seen.append(text)
        return real(text, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(jose, "verify", counting)
    return seen


def test_the_same_text_is_verified_once_and_another_letter_is_refused(
    recent: Recent, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifications, text = count_verifications(monkeypatch), mint(made.identity()).access_token
    assert bearers.read(text) is bearers.read(text)
    assert len(verifications) == 1
    last = "A" if text[-2] != "A" else "B"
    with pytest.raises(BadToken):
        bearers.read(f"{text[:-2]}{last}{text[-1]}")


def test_what_was_remembered_is_verified_anew_where_anything_around_it_changed(
    recent: Recent, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    text = mint(made.identity()).access_token
    bearers.read(text)
    with monkeypatch.context() as without:
        without.setattr(keyring, "public_keys", lambda kid="": {})
        with pytest.raises(BadToken, match="unknown_key"):
            bearers.read(text)
    with monkeypatch.context() as later:
        tomorrow = timezone.now() + timedelta(days=1)
        later.setattr(bearers.timezone, "now", lambda: tomorrow)
        assert recent.find(text, keyring.public_keys()) is None
    settings.PASSPORT_ISSUER = "https://elsewhere.example"
    with pytest.raises(BadToken):
        bearers.read(text)


def test_memory_is_bounded_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    recent, keys, clock = Recent(size=2, seconds=3.0), keyring.public_keys(), [100.0]
    monkeypatch.setattr(bearers.time, "monotonic", lambda: clock[0])
    texts = [mint(made.identity()).access_token for _ in range(3)]
    keys = keyring.public_keys()
    for text in texts:
        recent.keep(text, str(jose.header_of(text)["kid"]), keys, bearers.read(text))
    assert len(recent) == 2
    assert [recent.find(text, keys) is not None for text in texts] == [False, True, True]
    clock[0] += 3.0
    assert recent.find(texts[2], keys) is None
