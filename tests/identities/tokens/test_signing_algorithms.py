"""Tokens may be signed with RS256 or ES256: the setting names the next key, the rows say which one signs."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from identities.tokens import services as tokens, settings as token_settings, signing_keys
from identities.tokens.keyring import Keyring, keyring
from identities.tokens.models import SigningKey
from identities.tokens.verification import verify_access_token
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db
NOW_AT_ONCE = timedelta(0)


def mint(bot: Any) -> str:
    return tokens.mint(bot, scope="roles", at=timezone.now()).access_token


def rotate(announced_for: timedelta = NOW_AT_ONCE) -> SigningKey:
    return tokens.rotate_signing_key(actor=made.SYSTEM, announced_for=announced_for)


def alg_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["alg"])


class CachingVerifier:
    """Somebody else's verifier: asks for the key set once, and again only for a kid that it does not know."""

    def __init__(self, client: Client) -> None:
        self.client, self.asked = client, 0
        self.keys: dict[str, Any] = {}

    def verify(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header["kid"] not in self.keys:
            self.asked += 1
            found = self.client.get("/passport/jwks.json").json()["keys"]
            self.keys = {key["kid"]: jwt.PyJWK.from_dict(key) for key in found}
        key = self.keys[header["kid"]]
        assert key.algorithm_name == header["alg"]
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=token_settings.audience(),
            issuer=token_settings.issuer(),
        )


def test_the_setting_alone_changes_no_key_that_signs(settings: LazySettings) -> None:
    bot = made.identity()
    assert alg_of(mint(bot)) == "RS256"
    settings.PASSPORT_SIGNING_ALG = "ES256"
    assert alg_of(mint(bot)) == "RS256"
    assert SigningKey.objects.count() == 1


def test_the_first_key_of_an_installation_is_of_the_kind_that_is_set(settings: LazySettings) -> None:
    settings.PASSPORT_SIGNING_ALG = "ES256"
    token = mint(made.identity())
    assert alg_of(token) == "ES256"
    assert verify_access_token(token).scope == "roles"


def test_tokens_from_before_and_after_the_change_verify_with_a_verifier_that_caches(
    client: Client, settings: LazySettings
) -> None:
    bot, verifier = made.identity(), CachingVerifier(client)
    before = mint(bot)
    assert verifier.verify(before)["sub"] == bot.client_id
    settings.PASSPORT_SIGNING_ALG = "ES256"
    rotate()
    after = mint(bot)
    assert (alg_of(before), alg_of(after)) == ("RS256", "ES256")
    for token in (after, before, after):
        assert verifier.verify(token)["sub"] == bot.client_id
        assert verify_access_token(token).client_id == bot.client_id
    assert verifier.asked == 2
    settings.PASSPORT_SIGNING_ALG = "RS256"
    rotate()
    back = mint(bot)
    assert alg_of(back) == "RS256"
    assert all(verifier.verify(token) for token in (before, after, back))


def test_both_keys_are_published_without_anything_private(client: Client, settings: LazySettings) -> None:
    tokens.ensure_signing_key()
    settings.PASSPORT_SIGNING_ALG = "ES256"
    rotate(signing_keys.ANNOUNCED_FOR)
    keys = {key["alg"]: set(key) for key in client.get("/passport/jwks.json").json()["keys"]}
    assert keys == {
        "RS256": {"kty", "use", "alg", "kid", "n", "e"},
        "ES256": {"kty", "use", "alg", "kid", "crv", "x", "y"},
    }


def test_whatever_setting_a_process_has_the_same_key_signs_and_a_rotation_retires_every_other(
    settings: LazySettings,
) -> None:
    """Two processes with different settings may make the first key at once: one a kind is all the database forbids."""
    tokens.ensure_signing_key()
    settings.PASSPORT_SIGNING_ALG = "ES256"
    now = timezone.now()
    late = signing_keys._make(at=now, active_from=now)
    keyring.forget()
    signers = set()
    for alg in ("RS256", "ES256"):
        settings.PASSPORT_SIGNING_ALG = alg
        signers.add(Keyring().signer(timezone.now()).kid)
    assert signers == {late.kid}
    new = rotate()
    assert list(SigningKey.objects.filter(retired_at=None)) == [new]


def test_a_start_with_another_setting_changes_over_and_the_same_one_leaves_all_as_it_is(
    settings: LazySettings,
) -> None:
    first = tokens.follow_setting(actor=made.SYSTEM)
    assert tokens.follow_setting(actor=made.SYSTEM) == first
    settings.PASSPORT_SIGNING_ALG = "ES256"
    new = tokens.follow_setting(actor=made.SYSTEM)
    assert new.alg == "ES256"
    settings.PASSPORT_SIGNING_ALG = "RS256"
    assert tokens.follow_setting(actor=made.SYSTEM) == new, "announced, but not signing yet: it is not overtaken"
    assert SigningKey.objects.count() == 2


def test_a_leaked_key_is_followed_by_one_of_the_kind_that_is_set(settings: LazySettings) -> None:
    leaked = tokens.ensure_signing_key()
    settings.PASSPORT_SIGNING_ALG = "ES256"
    tokens.revoke_signing_key(leaked.kid, reason="leaked", actor=made.SYSTEM)
    assert alg_of(mint(made.identity())) == "ES256"


def test_people_sign_in_with_either(settings: LazySettings) -> None:
    settings.PASSPORT_SIGNING_ALG = "ES256"
    from identities.tokens.user_tokens import verify_user_token

    person = made.person()
    minted = tokens.mint_user_token(person, session=uuid4())
    assert alg_of(minted.access_token) == "ES256"
    assert verify_user_token(minted.access_token).user_id == person.pk
