"""A machine's token, verified here."""

import jwt
import pytest
from django.conf import LazySettings
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.jose.sign import sign
from identities.tokens import services as tokens
from identities.tokens.keyring import keyring
from identities.tokens.verification import BadToken, verify_access_token
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> ManagedIdentity:
    return made.identity()


def resigned(bot: ManagedIdentity, **changed: object) -> str:
    """A token by our own key with claims that we would never write."""
    text = tokens.mint(bot, scope="roles", at=timezone.now()).access_token
    claims = jwt.decode(text, options={"verify_signature": False}) | changed
    return sign(
        {name: value for name, value in claims.items() if value is not ...},
        keyring.signer(timezone.now()),
        typ="at+jwt",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"managed_identity_id": "x"},
        {"managed_identity_id": ...},
        {"tenant_id": ...},
        {"tenant_id": 5},
        {"client_id": ...},
        {"scope": ...},
        {"is_service_account": False},
        {"is_service_account": ...},
        {"is_service_account": "true"},
        {"roles": "admin"},
        {"jti": "not-a-uuid"},
        {"aud": "https://elsewhere"},
        {"iss": "https://elsewhere"},
    ],
)
def test_claims_that_are_missing_or_odd_are_refused(bot: ManagedIdentity, change: dict) -> None:
    with pytest.raises(BadToken):
        verify_access_token(resigned(bot, **change))


def test_a_token_from_before_a_move_to_another_issuer_is_refused(bot: ManagedIdentity, settings: LazySettings) -> None:
    text = tokens.mint(bot, scope="roles", at=timezone.now()).access_token
    settings.PASSPORT_ISSUER = "https://elsewhere.example"
    with pytest.raises(BadToken):
        verify_access_token(text)


def test_a_verified_token_carries_what_a_run_needs(bot: ManagedIdentity, settings: LazySettings) -> None:
    role = made.grant(bot, "workflow.execute")
    minted = tokens.mint(bot, scope="roles", at=timezone.now())
    found = verify_access_token(minted.access_token)
    assert (found.identity_id, found.tenant_id, found.client_id) == (bot.id, bot.tenant_id, bot.client_id)
    assert (found.roles, found.scope, found.issuer) == ((role.name,), "roles", settings.PASSPORT_ISSUER)
    assert (found.expires_at - found.issued_at).total_seconds() == minted.expires_in
