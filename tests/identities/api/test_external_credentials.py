"""Credentials that live elsewhere, over the API."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from identities.credentials.models import ExternalCredential
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from tests.factories import register
from tests.identities.credentials.test_certificates import PRIVATE, certificate

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


def enter(api: APIClient, bot: ManagedIdentity, **body: Any) -> Any:
    return api.post(f"/api/identities/{bot.pk}/externalCredentials", body, format="json")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"kind": "spell", "name": "x"}, "kind"),
        ({"name": "x"}, "kind"),
        ({"kind": "api_token", "name": "x", "value": "s3cret"}, "value"),
        ({"kind": "api_token", "name": "x", "source": "aws/1"}, "source"),
        ({"kind": "api_token", "name": "x", "expiresAt": "soon"}, "expiresAt"),
        ({"kind": "api_token", "name": "x", "storedAt": PRIVATE}, "storedAt"),
        ({"certificate": certificate() + PRIVATE}, "certificate"),
        ({"certificate": "garbage"}, "certificate"),
        ({"certificate": 7}, "certificate"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_member(
    api: APIClient, bot: ManagedIdentity, body: dict[str, Any], member: str
) -> None:
    refused = enter(api, bot, **body)
    assert refused.status_code == 400, refused.content
    assert set(refused.json()["errors"]) == {member}
    assert PRIVATE.splitlines()[1] not in refused.content.decode()
    assert not ExternalCredential.objects.exists()


def test_one_is_entered_corrected_and_gone(api: APIClient, bot: ManagedIdentity) -> None:
    made = enter(api, bot, kind="api_token", name="billing token", rotateBy="2027-01-31T00:00:00Z")
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["source"], row["externalId"], row["certificate"]) == ("by hand", "billing token", None)
    address = f"/api/externalCredentials/{row['id']}"
    changed = api.patch(address, {"lastUsedAt": "2026-01-01T00:00:00Z"}, format="json")
    assert (changed.status_code, changed.json()["lastUsedAt"]) == (200, "2026-01-01T00:00:00Z")
    assert api.delete(address, {}, format="json").status_code == 204
    assert api.delete(address, {}, format="json").status_code == 409
    assert api.patch(address, {"name": "x"}, format="json").status_code == 409
    (listed,) = api.get(f"/api/identities/{bot.pk}/externalCredentials").json()["results"]
    assert listed["goneAt"] is not None


def test_a_certificate_is_shown_as_what_was_read_in_it(api: APIClient, bot: ManagedIdentity) -> None:
    made = enter(api, bot, certificate=certificate())
    assert made.status_code == 201, made.content
    row = made.json()
    assert row["certificate"]["subject"] == "CN=payroll"
    assert (row["kind"], row["expiresAt"], len(row["fingerprint"])) == ("certificate", "2026-04-01T00:00:00Z", 64)
    assert "BEGIN" not in made.content.decode()


def test_a_foreign_one_looks_like_none(api: APIClient) -> None:
    other = register.identity(register.tenant())
    row = ExternalCredential.objects.create(identity=other, kind="api_token", source="by hand", external_id="x")
    for answer in (
        api.patch(f"/api/externalCredentials/{row.pk}", {"name": "x"}, format="json"),
        api.delete(f"/api/externalCredentials/{row.pk}", {}, format="json"),
        api.get(f"/api/identities/{other.pk}/externalCredentials"),
        enter(api, other, kind="api_token", name="x"),
    ):
        assert answer.status_code == 404
