"""Routes of exceptions and renewals: refused by member, bound to the tenant, and worth what they say."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from identities.credentials import services as credentials
from identities.credentials.models import ClientKey, ClientSecret
from identities.inventory.models import ManagedIdentity, PolicyException
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant(), risk_tier="medium")


@pytest.fixture
def client(bot: ManagedIdentity) -> APIClient:
    return register.client_of(register.person(bot.tenant))


@pytest.fixture
def secret(bot: ManagedIdentity) -> ClientSecret:
    return credentials.issue(bot, actor=register.SYSTEM).secret


def day(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def grant(client: APIClient, bot: ManagedIdentity, **facts: Any) -> Any:
    body = {
        "kind": "rotation_beyond_maximum",
        "reason": "The vendor is slow.",
        "expiresAt": day(timezone.now() + 200 * DAY),
        **facts,
    }
    return client.post(f"/api/identities/{bot.pk}/exceptions", body)


@pytest.mark.parametrize(
    ("member", "value"),
    [("kind", "any"), ("reason", ""), ("expiresAt", "2020-01-01T00:00:00Z"), ("expiresAt", "soon"), ("until", "x")],
)
def test_what_does_not_fit_is_named(client: APIClient, bot: ManagedIdentity, member: str, value: str) -> None:
    answer = grant(client, bot, **{member: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [member])


def test_what_belongs_to_others_is_unknown(client: APIClient, secret: ClientSecret) -> None:
    stranger = register.client_of(register.person(register.tenant()))
    exception = grant(client, secret.identity).json()["id"]
    body = {"until": day(secret.created_at + 100 * DAY), "reason": "later"}
    assert grant(stranger, secret.identity).status_code == 404
    assert stranger.post(f"/api/exceptions/{exception}/end", {"reason": "x"}).status_code == 404
    assert stranger.post(f"/api/credentials/{secret.pk}/renew", body).status_code == 404
    assert client.post(f"/api/credentials/{uuid4()}/renew", body).status_code == 404


def test_a_renewal_beyond_the_maximum_needs_an_exception(client: APIClient, secret: ClientSecret) -> None:
    body = {"until": day(secret.created_at + 100 * DAY), "reason": "The release is late."}
    refused = client.post(f"/api/credentials/{secret.pk}/renew", body)
    assert (refused.status_code, refused.json()["code"], list(refused.json()["errors"])) == (
        400,
        "beyond_maximum",
        ["until"],
    )
    assert grant(client, secret.identity).status_code == 201
    renewed = client.post(f"/api/credentials/{secret.pk}/renew", body)
    assert (renewed.status_code, renewed.json()["kind"]) == (200, "client_secret")
    assert datetime.fromisoformat(renewed.json()["rotateBy"]) == secret.created_at + 100 * DAY


def test_a_key_is_renewed_under_its_id(client: APIClient, bot: ManagedIdentity) -> None:
    now = timezone.now()
    key = ClientKey.objects.create(
        identity=bot, kid="k", alg="ES256", public_jwk={}, thumbprint="t", rotate_by=now + 30 * DAY, created_at=now
    )
    answer = client.post(f"/api/credentials/{key.pk}/renew", {"until": day(now + 60 * DAY), "reason": "later"})
    assert (answer.status_code, answer.json()["kind"]) == (200, "public_key")


def test_an_exception_is_granted_listed_and_ended(client: APIClient, bot: ManagedIdentity) -> None:
    made = grant(client, bot, ticket="OPS-7").json()
    assert (made["isLive"], made["ticket"], made["identityId"]) == (True, "OPS-7", str(bot.pk))
    assert grant(client, bot).status_code == 409
    listed = client.get(f"/api/identities/{bot.pk}/exceptions").json()["results"]
    assert [row["id"] for row in listed] == [made["id"]]
    ended = client.post(f"/api/exceptions/{made['id']}/end", {"reason": "Done."}).json()
    assert (ended["isLive"], ended["endedReason"]) == (False, "Done.")
    assert PolicyException.objects.get().ended_at is not None
