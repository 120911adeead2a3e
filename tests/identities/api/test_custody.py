"""Routes of what a person was shown: for who governs the secrets, and for nobody else."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, SecretShowing
from identities.lifecycle import secrets
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.vaults.references import SecretReference
from tests.factories import register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant() -> Tenant:
    from identities.vaults import services as vaults

    vaults.ensure_default()
    return register.tenant()


@pytest.fixture
def leaver(tenant: Tenant) -> User:
    return register.person(tenant, PortalRole.ANALYST, email="leaver@example.com", is_active=False)


@pytest.fixture
def client(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


def seen(person: User, of: Tenant, *, has_vault: bool = False) -> ClientSecret:
    bot = register.identity(of)
    if has_vault:
        place = SecretReference("local", "local://default", f"bots/{bot.client_id}")
        stored = secrets.issue_secret(bot, actor=register.SYSTEM, store_at=place).secret
        credentials.revoke(stored, reason="Over.", actor=register.SYSTEM)
    return secrets.issue_secret(bot, actor=actor_of(person)).secret


def ask(client: APIClient, person: User) -> Any:
    return client.get(f"/api/users/{person.pk}/secretsSeen")


def test_a_stranger_of_another_tenant_is_unknown(client: APIClient, leaver: User) -> None:
    stranger = register.person(register.tenant())
    assert ask(client, stranger).status_code == 404
    assert client.post(f"/api/users/{stranger.pk}/secretsSeen/rotate", {"reason": "x"}).status_code == 404


def test_somebody_from_outside_who_saw_ours_is_known_with_ours_only(client: APIClient, tenant: Tenant) -> None:
    outside = register.person(register.tenant())
    seen(outside, outside.tenant)
    ours = seen(outside, tenant)
    assert [row["credentialId"] for row in ask(client, outside).json()["results"]] == [str(ours.pk)]


def test_nothing_is_rotated_without_a_reason_or_where_nothing_can_be(client: APIClient, leaver: User) -> None:
    seen(leaver, leaver.tenant)
    address = f"/api/users/{leaver.pk}/secretsSeen/rotate"
    assert client.post(address, {}).status_code == 400
    assert client.post(address, {"reason": "left"}).json()["code"] == "nothing_to_rotate"
    assert not SecretShowing.objects.exclude(rotate_at=None).exists()


def test_what_was_seen_is_listed_and_asked_to_be_replaced(client: APIClient, leaver: User) -> None:
    ready, by_hand = seen(leaver, leaver.tenant, has_vault=True), seen(leaver, leaver.tenant)
    rows = ask(client, leaver).json()["results"]
    assert [(row["credentialId"], row["standing"]) for row in rows] == [
        (str(ready.pk), "ready"),
        (str(by_hand.pk), "hand"),
    ]
    assert rows[1]["problem"]
    asked = client.post(f"/api/users/{leaver.pk}/secretsSeen/rotate", {"reason": "They left."})
    assert (asked.status_code, asked.json()["results"][0]["standing"]) == (202, "waiting")
    assert SecretShowing.objects.get(secret=ready).rotate_asked_by is not None


def test_a_credential_says_who_was_shown_it(client: APIClient, leaver: User) -> None:
    secret = seen(leaver, leaver.tenant)
    (row,) = client.get(f"/api/identities/{secret.identity_id}/credentials").json()["results"]
    assert [(shown["userId"], shown["label"]) for shown in row["shownTo"]] == [(str(leaver.pk), leaver.email)]
    assert row["renewedAt"] is None
