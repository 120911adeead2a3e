"""Public keys over the API: taken beside secrets, listed with them, ended as they are."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import AuditEvent
from identities.credentials.models import ClientKey, ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from tests.factories import client_keys, register, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


@pytest.fixture
def bot(tenant: Tenant) -> ManagedIdentity:
    return register.identity(tenant)


def jwk() -> dict[str, str]:
    return client_keys.jwk_of(client_keys.private("ES256"))


def add(api: APIClient, bot: ManagedIdentity, **body: Any) -> Any:
    return api.post(f"/api/identities/{bot.pk}/credentials", {"kind": "public_key", **body}, format="json")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "publicKey"),
        ({"publicKey": 5}, "publicKey"),
        ({"publicKey": []}, "publicKey"),
        ({"publicKey": "rubbish"}, "publicKey"),
        ({"publicKey": {**jwk(), "d": "c2VjcmV0"}}, "publicKey"),
        ({"publicKey": jwk(), "keyId": "x\ny"}, "keyId"),
        ({"publicKey": jwk(), "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"publicKey": jwk(), "rotateBy": "2099-01-01T00:00:00Z"}, "rotateBy"),
        ({"publicKey": jwk(), "storeSecretAt": {"provider": "a", "vaultUri": "b", "secretName": "c"}}, "storeSecretAt"),
        ({"publicKey": jwk(), "privateKey": "x"}, "privateKey"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_member(
    api: APIClient, bot: ManagedIdentity, body: dict[str, Any], member: str
) -> None:
    refused = add(api, bot, **body)
    assert refused.status_code == 400, refused.content
    assert set(refused.json()["errors"]) == {member}
    assert "c2VjcmV0" not in refused.content.decode()
    assert not ClientKey.objects.exists()


def test_members_of_a_key_are_none_of_a_secret(api: APIClient, bot: ManagedIdentity) -> None:
    body = {"kind": "client_secret", "publicKey": jwk()}
    assert api.post(f"/api/identities/{bot.pk}/credentials", body, format="json").status_code == 400


def test_a_key_is_taken_listed_beside_the_secrets_and_revoked(api: APIClient, bot: ManagedIdentity) -> None:
    secret = api.post(f"/api/identities/{bot.pk}/credentials", {"kind": "client_secret"}, format="json").json()
    made = add(api, bot, publicKey=jwk(), keyId="payroll-1", name="payroll", reason="OPS-1")
    assert made.status_code == 201, made.content
    key = made.json()
    assert (key["kind"], key["keyId"], key["hint"], key["alg"]) == ("public_key", "payroll-1", "payroll-1", "ES256")
    assert "clientSecret" not in key
    listed = api.get(f"/api/identities/{bot.pk}/credentials").json()["results"]
    assert [row["id"] for row in listed] == [key["id"], secret["id"]]
    assert set(listed[0]) == set(listed[1])
    ended = api.post(f"/api/credentials/{key['id']}/revoke", {"reason": "leaked"}, format="json")
    assert (ended.status_code, ended.json()["isLive"], ended.json()["kind"]) == (200, False, "public_key")
    assert api.post(f"/api/credentials/{key['id']}/revoke", {"reason": "x"}, format="json").status_code == 409
    assert AuditEvent.objects.filter(type="credential.revoked").count() == 1


def test_a_third_key_is_refused(api: APIClient, bot: ManagedIdentity) -> None:
    assert [add(api, bot, publicKey=jwk()).status_code for _ in range(3)] == [201, 201, 409]


def test_a_foreign_key_looks_like_none(api: APIClient) -> None:
    foreign = client_keys.signing().key
    assert api.post(f"/api/credentials/{foreign.pk}/revoke", {"reason": "x"}, format="json").status_code == 404
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_a_machine_gives_no_key_to_one_that_may_do_more(tenant: Tenant, bot: ManagedIdentity) -> None:
    """Whoever brings the public half has the other one, and could act as that identity."""
    rotator = register.client_of_machine(register.identity(tenant), "credential.rotate")
    tokens.grant(bot, "workflow.execute")
    assert add(rotator, bot, publicKey=jwk()).status_code == 403
    assert not ClientKey.objects.exists()
    own = register.client_of_machine(bot, "credential.rotate")
    assert add(own, bot, publicKey=jwk()).status_code == 201


@pytest.mark.parametrize("ordering", ["createdAt", "-createdAt", "lastUsedAt", "-lastUsedAt", "rotateBy"])
def test_the_pages_of_both_kinds_together_are_one_list(api: APIClient, bot: ManagedIdentity, ordering: str) -> None:
    now = timezone.now()
    for number in range(4):
        used = None if number % 2 else now - timedelta(minutes=number)
        dates = {"created_at": now - timedelta(hours=number), "rotate_by": now, "last_used_at": used, "revoked_at": now}
        ClientSecret.objects.create(identity=bot, digest=f"{number:064d}", hint="abcd", **dates)
        ClientKey.objects.create(
            identity=bot, kid=str(number), alg="ES256", public_jwk={}, thumbprint=str(number), **dates
        )
    address = f"/api/identities/{bot.pk}/credentials?ordering={ordering}"
    whole = [row["id"] for row in api.get(f"{address}&pageSize=50").json()["results"]]
    assert len(set(whole)) == 8
    forth: list[str] = []
    back: list[str] = []
    url = f"{address}&pageSize=3"
    while url:
        page = api.get(url).json()
        forth += [row["id"] for row in page["results"]]
        last, url = page, page["next"]
    assert forth == whole
    while last["previous"]:
        last = api.get(last["previous"]).json()
        back = [row["id"] for row in last["results"]] + back
    assert back == whole[:6]
