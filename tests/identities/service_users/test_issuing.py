"""Accounts made with their first tokens put into a vault, and what is left when the vault fails."""

import json

import pytest

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Invalid, Refused, Unavailable
from identities.people import services as people, sign_in
from identities.people.actors import actor_of
from identities.people.models import RefreshToken, User
from identities.people.sign_in import RefreshFailed
from identities.service_users import issuing
from identities.tokens.user_tokens import verify_user_token
from identities.vaults import providers, services as vaults
from identities.vaults.failures import VaultUnreachable
from identities.vaults.references import SecretReference
from tests.factories import people as cast
from tests.identities.api.conftest import keep_signing_key

pytestmark = pytest.mark.django_db
PLACE = SecretReference("local", "local://default", "reports-agent/tokens")


@pytest.fixture(autouse=True)
def signing_key(db):
    keep_signing_key()


def make(boss, **facts):
    facts = {"email": "reports-agent@example.com", "password": cast.PASSWORD, "role": "ANALYST"} | facts
    return issuing.issue(tenant=boss.tenant, actor=actor_of(boss), **facts)


def stored(tenant, place=PLACE):
    return json.loads(vaults.read_secret(place, tenant.pk, actor=Actor.system("tests")).reveal())


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"email": "ada@example.com", "store_tokens_at": PLACE}, "store_tokens_at"),
        ({"is_agent": False, "store_tokens_at": PLACE}, "store_tokens_at"),
        ({"store_tokens_at": SecretReference("local", "local://nowhere", "x")}, "store_tokens_at.vault_uri"),
        ({"email": "ada@example.com", "owner": "ada@example.com"}, "owner"),
        ({"owner": "nobody@example.com"}, "owner"),
    ],
)
def test_what_does_not_fit_makes_nothing(facts, member):
    boss = cast.person()
    with pytest.raises(Invalid) as refused:
        make(boss, **facts)
    assert member in refused.value.errors
    assert list(User.objects.all()) == [boss]


def test_a_person_of_another_tenant_answers_for_nothing_here():
    with pytest.raises(Invalid) as refused:
        make(cast.person(), owner=cast.person().email)
    assert "owner" in refused.value.errors


def test_the_place_where_another_identitys_secret_rests_is_not_written_over():
    from identities.lifecycle import services as lifecycle

    boss = cast.person()
    facts = {"name": "bot", "environment": "sandbox", "purpose": "tests"}
    lifecycle.onboard(tenant_id=boss.tenant_id, facts=facts, store_secret_at=PLACE, actor=actor_of(boss))
    with pytest.raises(Invalid) as refused:
        make(boss, store_tokens_at=PLACE)
    assert refused.value.code == "place_taken"
    assert "store_tokens_at.secret_name" in refused.value.errors


def test_the_place_where_another_accounts_tokens_rest_is_not_written_over():
    boss = cast.person()
    first = make(boss, store_tokens_at=PLACE)
    before = stored(boss.tenant)
    with pytest.raises(Invalid) as refused:
        make(boss, email="other-agent@example.com", store_tokens_at=PLACE)
    assert refused.value.code == "place_taken"
    assert stored(boss.tenant) == before
    issuing.check_place(PLACE, tenant=boss.tenant, of=first)
    people.disable_user(first, reason="gone", actor=actor_of(boss))
    assert stored(make(boss, email="other-agent@example.com", store_tokens_at=PLACE).tenant) != before


def test_nobody_signs_in_for_an_account_that_reaches_farther():
    observer = cast.agent(role="AUDITOR")
    with pytest.raises(Refused):
        issuing.store_tokens(observer, store_at=PLACE, actor=actor_of(cast.person(of=observer.tenant)))
    assert not RefreshToken.objects.exists()


def test_the_first_tokens_lie_in_the_vault_and_nowhere_else_and_work():
    boss = cast.person()
    user = make(boss, store_tokens_at=PLACE)
    held = stored(boss.tenant)
    assert held.keys() == {
        "userId", "email", "accessToken", "accessTokenExpiresIn", "refreshToken", "refreshTokenExpiresIn", "issuedAt",
    }  # fmt: skip
    assert verify_user_token(held["accessToken"]).user_id == user.pk
    written = repr(list(AuditEvent.objects.values()))
    assert held["refreshToken"] not in written
    assert held["accessToken"] not in written
    issued = AuditEvent.objects.get(type="user.token_issued")
    assert (issued.actor_id, issued.changes["serviceToken"]["source"]) == (str(boss.pk), "vault")
    kept = AuditEvent.objects.get(type="credential.stored")
    assert kept.details["stored_at"]["secretName"] == PLACE.secret_name
    assert sign_in.refresh(held["refreshToken"]).user == user


def test_where_the_vault_fails_the_account_stays_without_a_session_and_says_so(monkeypatch):
    boss = cast.person()

    class Down:
        is_staging = False

        def __init__(self, real):
            self.real = real

        def __getattr__(self, name):
            return getattr(self.real, name)

        def write(self, *given, **more):
            raise VaultUnreachable("The vault did not answer.")

    opened = providers.opened
    monkeypatch.setattr(providers, "opened", lambda connection: Down(opened(connection)))
    with pytest.raises(Unavailable) as failed:
        make(boss, store_tokens_at=PLACE)
    assert failed.value.code == "tokens_not_stored"
    user = User.objects.get(email="reports-agent@example.com")
    assert str(user.pk) in failed.value.message
    assert user.is_active
    assert not RefreshToken.objects.open().exists()
    assert RefreshToken.objects.get().reason == "not-stored"
    event = AuditEvent.objects.get(type="credential.store_failed")
    assert (event.subject_id, event.outcome) == (str(user.pk), "failure")
    monkeypatch.undo()
    issuing.store_tokens(user, store_at=PLACE, actor=actor_of(boss))  # nothing stands in the way of the next try
    assert stored(boss.tenant)["email"] == user.email


def test_tokens_in_the_vault_end_like_others_with_a_forced_reset():
    boss = cast.person()
    user = make(boss, store_tokens_at=PLACE)
    people.force_reset(user, actor=actor_of(boss))
    with pytest.raises(RefreshFailed) as refused:
        sign_in.refresh(stored(boss.tenant)["refreshToken"])
    assert refused.value.reason == "token-invalidated"


def test_nobody_signs_in_for_a_person():
    boss = cast.person()
    with pytest.raises(Invalid):
        issuing.store_tokens(boss, store_at=PLACE, actor=actor_of(boss))
