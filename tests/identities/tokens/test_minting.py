"""A token for an identity that has proved itself: its claims, its row and its record."""

import uuid
from datetime import timedelta

import jwt
import pytest
from django.conf import LazySettings
from django.db import DatabaseError, connection
from django.utils import timezone

from audit import context
from audit.models import AuditEvent
from identities.access.models import Role, RoleBinding
from identities.credentials.authentication import authenticate
from identities.errors import Refused
from identities.inventory.states import State
from identities.tokens import minting, services as tokens
from identities.tokens.keyring import keyring
from identities.tokens.models import IssuedToken
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db


def claims_of(minted: tokens.Minted) -> dict:
    return jwt.decode(minted.access_token, options={"verify_signature": False})


@pytest.mark.parametrize("state", [state for state in State if state is not State.ACTIVE])
def test_an_identity_that_is_not_active_gets_none(state: State) -> None:
    stopped = made.identity(state=state.value)
    with pytest.raises(Refused) as refused:
        tokens.mint(stopped, scope="roles", at=timezone.now())
    assert refused.value.code == "identity_disabled"
    assert not IssuedToken.objects.exists()


def test_an_identity_past_its_end_gets_none() -> None:
    ended = made.identity(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refused) as refused:
        tokens.mint(ended, scope="roles", at=timezone.now())
    assert refused.value.code == "identity_expired"


def test_no_record_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = made.identity()

    def fail(*rows: object) -> None:
        raise DatabaseError("read-only")

    monkeypatch.setattr(minting, "insert_together", fail)
    with pytest.raises(DatabaseError):
        tokens.mint(bot, scope="roles", at=timezone.now())
    assert not IssuedToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_record_that_the_database_refuses_takes_the_token_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = made.identity()
    tokens.ensure_signing_key()
    compose = minting.audit.compose

    def without_a_time(*args: object, **facts: object) -> AuditEvent:
        event = compose(*args, **facts)
        event.recorded_at = None
        return event

    monkeypatch.setattr(minting.audit, "compose", without_a_time)
    with pytest.raises(DatabaseError):
        tokens.mint(bot, scope="roles", at=timezone.now())
    assert not IssuedToken.objects.exists()
    assert not connection.in_atomic_block


def test_the_claims_are_exactly_those_promised(settings: LazySettings) -> None:
    bot = made.identity()
    role = made.grant(bot, "workflow.execute")
    at = timezone.now()
    minted = tokens.mint(bot, scope="openid roles", at=at)
    header, claims = jwt.get_unverified_header(minted.access_token), claims_of(minted)
    assert header == {"alg": "RS256", "typ": "at+jwt", "kid": keyring.signer(timezone.now()).kid}
    assert claims == {
        "iss": settings.PASSPORT_ISSUER,
        "sub": bot.client_id,
        "aud": settings.PASSPORT_AUDIENCE,
        "exp": int(at.timestamp()) + settings.PASSPORT_TOKEN_TTL,
        "iat": int(at.timestamp()),
        "nbf": int(at.timestamp()),
        "jti": str(minted.jti),
        "client_id": bot.client_id,
        "scope": "openid roles",
        "managed_identity_id": str(bot.id),
        "is_service_account": True,
        "tenant_id": str(bot.tenant_id),
        "roles": [role.name],
    }
    assert minted.expires_in == settings.PASSPORT_TOKEN_TTL


def test_an_identity_without_a_role_gets_a_token_that_holds_none() -> None:
    minted = tokens.mint(made.identity(), scope="roles", at=timezone.now())
    assert claims_of(minted)["roles"] == []


def test_the_row_leads_back_and_holds_no_token_text() -> None:
    bot = made.identity()
    with context.bound(address="203.0.113.9"):
        minted = tokens.mint(bot, scope="roles", at=timezone.now())
    row = IssuedToken.objects.get(jti=minted.jti)
    assert (row.identity_id, row.scope, row.revoked_at, row.address) == (bot.id, "roles", None, "203.0.113.9")
    signature = minted.access_token.rsplit(".", 1)[1]
    assert signature not in str(vars(row))
    assert minted.access_token not in repr(minted)


def test_the_audit_names_the_identity_and_its_token() -> None:
    bot = made.identity()
    minted = tokens.mint(bot, scope="roles", at=timezone.now())
    event = AuditEvent.objects.get(type="token.issued")
    assert (event.actor_kind, event.actor_label, event.actor_client_id) == ("identity", bot.name, bot.client_id)
    assert (event.subject_kind, event.subject_id, event.tenant_id) == ("identity", str(bot.id), bot.tenant_id)
    assert uuid.UUID(event.details["jti"]) == minted.jti
    assert event.tag


def test_a_token_ends_with_its_identity() -> None:
    at = timezone.now()
    bot = made.identity(expires_at=at + timedelta(seconds=90))
    minted = tokens.mint(bot, scope="roles", at=at)
    assert minted.expires_in == int(bot.expires_at.timestamp()) - int(at.timestamp())
    assert minted.expires_in <= 90


def test_a_token_minted_in_the_second_of_a_kill_outlives_it() -> None:
    bot = made.identity()
    at = timezone.now()
    bot.tokens_revoked_at = at
    assert minting.first_instant(bot, at) == int(at.timestamp()) + 1
    assert minting.first_instant(bot, at + timedelta(hours=1)) == int(at.timestamp()) + 3600


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_row_and_record_go_in_one_trip(django_assert_num_queries) -> None:
    bot = made.identity()
    tokens.mint(bot, scope="roles", at=timezone.now())
    with django_assert_num_queries(2) as seen:
        tokens.mint(bot, scope="roles", at=timezone.now())
    assert "identities_issuedtoken" in seen.captured_queries[1]["sql"]
    assert "audit_auditevent" in seen.captured_queries[1]["sql"]


def test_a_token_ends_with_the_first_role_that_it_names() -> None:
    """An elevation is over when it is over, also for whoever reads the roles from the token (issue 5)."""
    at = timezone.now()
    bot = made.bot(permissions=("workflow.execute",))
    elevated = Role.objects.create(tenant=bot.identity.tenant, name="elevated", permissions=["identity.write"])
    ends = at + timedelta(seconds=120)
    RoleBinding.objects.create(
        identity=bot.identity, role=elevated, valid_from=at, valid_until=ends, reason="tests", is_elevation=True
    )
    minted = tokens.mint(bot.identity, scope="roles", at=at)
    assert ("elevated" in claims_of(minted)["roles"], claims_of(minted)["exp"]) == (True, int(ends.timestamp()))
    proved = authenticate(bot.client_id, bot.secret, tokens.WITH_ROLES)
    assert proved is not None
    beside = tokens.mint(bot.identity, scope="roles", at=proved.at, roles=tokens.roles_beside(proved))
    assert claims_of(beside)["exp"] == int(ends.timestamp())
    after = tokens.mint(bot.identity, scope="roles", at=ends)
    assert ("elevated" in claims_of(after)["roles"], after.expires_in > 120) == (False, True)
