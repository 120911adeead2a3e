"""A person's token is of its own kind: refused where a machine's is expected, and the reverse."""

from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
import time_machine
from django.conf import LazySettings
from django.utils import timezone

from identities.jose.sign import sign
from identities.tokens import services as tokens, settings as room
from identities.tokens.keyring import keyring
from identities.tokens.user_tokens import BadToken, verify_user_token
from identities.tokens.verification import verify_access_token
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db


def test_a_persons_token_is_no_machines_token() -> None:
    with pytest.raises(BadToken) as refused:
        verify_access_token(tokens.mint_user_token(made.person(), session=uuid4()).access_token)
    assert refused.value.reason == "wrong_type"


def test_a_machines_token_is_no_persons_token() -> None:
    with pytest.raises(BadToken) as refused:
        verify_user_token(tokens.mint(made.identity(), scope="roles", at=timezone.now()).access_token)
    assert refused.value.reason == "wrong_type"


def test_the_audiences_differ_too() -> None:
    assert room.audience() != room.portal_audience()


@pytest.mark.parametrize("change", [{"tenant_id": "x"}, {"sub": "nobody"}, {"jti": "x"}, {"tenant_id": None}])
def test_a_token_of_ours_with_odd_claims_is_refused(change: dict) -> None:
    claims = jwt.decode(
        tokens.mint_user_token(made.person(), session=uuid4()).access_token, options={"verify_signature": False}
    )
    odd = sign(claims | change, keyring.signer(timezone.now()), typ="user+jwt")
    with pytest.raises(BadToken):
        verify_user_token(odd)


def test_a_token_that_belongs_to_no_sign_in_is_refused() -> None:
    minted = tokens.mint_user_token(made.person(), session=uuid4()).access_token
    claims = jwt.decode(minted, options={"verify_signature": False})
    del claims["sid"]
    with pytest.raises(BadToken) as refused:
        verify_user_token(sign(claims, keyring.signer(timezone.now()), typ="user+jwt"))
    assert refused.value.reason == "bad_claims"


def test_a_persons_token_says_who_and_until_when(settings: LazySettings, django_assert_num_queries) -> None:
    someone = made.person()
    tokens.ensure_signing_key()
    tokens.mint_user_token(someone, session=uuid4())
    with django_assert_num_queries(0):
        minted = tokens.mint_user_token(someone, session=uuid4())
        verified = verify_user_token(minted.access_token)
    assert (verified.user_id, verified.tenant_id, verified.jti) == (someone.id, someone.tenant_id, minted.jti)
    assert verified.expires_at - verified.issued_at == timedelta(seconds=settings.AUTH_ACCESS_TOKEN_TTL)
    assert minted.expires_in == settings.AUTH_ACCESS_TOKEN_TTL


@pytest.mark.parametrize(("later", "holds"), [(0.9, True), (1.0, True), (2.1, False), (5.9, False)])
def test_a_token_of_a_second_lives_for_one_whenever_in_the_second_it_was_minted(
    settings: LazySettings, later: float, *, holds: bool
) -> None:
    settings.AUTH_ACCESS_TOKEN_TTL = 1
    late = timezone.now().replace(microsecond=950_000)
    with time_machine.travel(late, tick=False):
        minted = tokens.mint_user_token(made.person(), session=uuid4())
    with time_machine.travel(late + timedelta(seconds=later), tick=False):
        if holds:
            assert verify_user_token(minted.access_token).jti == minted.jti
            return
        with pytest.raises(BadToken) as refused:
            verify_user_token(minted.access_token)
        assert refused.value.reason == "expired"
