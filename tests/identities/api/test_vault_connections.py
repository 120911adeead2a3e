"""Routes of vault connections."""

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from identities.people.models import PortalRole, Tenant
from identities.vaults import services as vaults
from tests.factories import register

pytestmark = pytest.mark.django_db
TOKEN = "s.thisIsTheTokenOfTheVault"
BODY = {
    "name": "Vault",
    "provider": "hashicorp-vault",
    "vaultUri": "https://vault.example.com",
    "environment": "production",
    "settings": {"mount": "secret", "token": TOKEN},
}


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_connects(tenant: Tenant, role: PortalRole) -> None:
    api = register.client_of(register.person(tenant, role))
    assert api.post("/api/vaultConnections", BODY, format="json").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"provider": "shoebox"}, "provider"),
        ({"vaultUri": "ftp://x"}, "vaultUri"),
        ({"environment": "moon"}, "environment"),
        ({"token": TOKEN}, "token"),
    ],
)
def test_what_does_not_fit_is_named(api: APIClient, wrong: dict[str, str], member: str) -> None:
    refused = api.post("/api/vaultConnections", {**BODY, **wrong}, format="json")
    assert refused.status_code == 400
    assert member in refused.json()["errors"]


def test_foreign_connections_look_like_none(api: APIClient) -> None:
    other = register.client_of(register.person(register.tenant()))
    foreign = other.post("/api/vaultConnections", BODY, format="json").json()["id"]
    for key in (foreign, uuid4()):
        assert api.get(f"/api/vaultConnections/{key}").status_code == 404
        assert api.delete(f"/api/vaultConnections/{key}").status_code == 404


def test_a_credential_is_taken_and_never_shown(api: APIClient) -> None:
    made = api.post("/api/vaultConnections", BODY, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["hasCredential"] is True
    for url in (f"/api/vaultConnections/{made.json()['id']}", "/api/vaultConnections", "/api/audit/events"):
        assert TOKEN not in api.get(url).content.decode()
    assert TOKEN not in made.content.decode()


def test_our_own_vault_is_everybodys_to_see_and_nobodys_to_change(api: APIClient) -> None:
    own = vaults.ensure_default()
    assert "local://default" in [row["vaultUri"] for row in api.get("/api/vaultConnections").json()["results"]]
    assert api.get(f"/api/vaultConnections/{own.pk}").json()["tenantId"] is None
    assert api.patch(f"/api/vaultConnections/{own.pk}", {"name": "x"}, format="json").status_code == 409
    assert api.delete(f"/api/vaultConnections/{own.pk}").status_code == 409


def test_a_connection_changes_and_goes(api: APIClient) -> None:
    url = f"/api/vaultConnections/{api.post('/api/vaultConnections', BODY, format='json').json()['id']}"
    changed = api.patch(url, {"name": "Other"}, format="json").json()
    assert (changed["name"], changed["hasCredential"]) == ("Other", True)
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
