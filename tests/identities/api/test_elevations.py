"""Routes of elevations and break-glass: refused by member, bound to the tenant, told by the dates."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from identities.access.models import Role
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from tests.factories import people, register, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return people.tenant()


def somebody(tenant: Tenant, role: PortalRole = PortalRole.ADMIN) -> User:
    return people.person(of=tenant, role=role, created_at=timezone.now() - timedelta(days=9))


@pytest.fixture
def asker(tenant: Tenant) -> User:
    return somebody(tenant, PortalRole.ANALYST)


@pytest.fixture
def deciders(tenant: Tenant) -> list[User]:
    return [somebody(tenant), somebody(tenant, PortalRole.ANALYST)]


@pytest.fixture
def bot(tenant: Tenant, deciders: list[User]) -> ManagedIdentity:
    Role.objects.create(tenant=tenant, name="writer", permissions=["schedule.write"])
    return tokens.identity(of=tenant, risk_tier="high", technical_owner=deciders[1])


@pytest.fixture
def client(asker: User) -> APIClient:
    return register.client_of(asker)


def body(bot: ManagedIdentity, asker: User, **more: Any) -> dict[str, Any]:
    given = {"identityId": str(bot.pk), "role": "writer", "minutes": 30, "justification": "It hangs"}
    return {**given, "owner": asker.email, **more}


def approve(answer: Any, deciders: list[User]) -> None:
    for person in deciders:
        row = ApprovalRequest.objects.get(pk=answer["approvalId"])
        approvals.approve(row, reason="right", actor=actor_of(person))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("minutes", 0),
        ("minutes", "30"),
        ("justification", ""),
        ("owner", "nobody@example.com"),
        ("role", "no such role"),
        ("identityId", "00000000-0000-0000-0000-000000000001"),
        ("renewsId", "00000000-0000-0000-0000-000000000001"),
        ("until", "x"),
    ],
)
def test_what_does_not_fit_is_named(
    client: APIClient, bot: ManagedIdentity, asker: User, member: str, value: Any
) -> None:
    answer = client.post("/api/elevations", body(bot, asker, **{member: value}))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [member])


def test_an_identity_and_a_role_of_another_tenant_are_unknown(bot: ManagedIdentity) -> None:
    stranger = somebody(people.tenant())
    answer = register.client_of(stranger).post("/api/elevations", body(bot, stranger))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["identityId"])


def test_an_elevation_from_the_asking_to_its_end(
    client: APIClient, bot: ManagedIdentity, asker: User, deciders: list[User]
) -> None:
    answer = client.post("/api/elevations", body(bot, asker))
    asked = answer.json()
    assert (answer.status_code, asked["state"], asked["bindingId"]) == (201, "asked", None)
    assert asked["owner"] == {"id": str(asker.pk), "label": asker.email}
    approve(asked, deciders)
    given = client.get(f"/api/elevations/{asked['id']}").json()
    assert given["state"] == "live"
    assert given["bindingId"]
    assert [row["id"] for row in client.get("/api/elevations?state=ending").json()["results"]] == [asked["id"]]
    other = register.client_of(somebody(bot.tenant, PortalRole.ANALYST))
    assert other.post(f"/api/elevations/{asked['id']}/end", {"reason": "x"}).status_code == 403
    ended = client.post(f"/api/elevations/{asked['id']}/end", {"reason": "Done"})
    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    again = client.post(f"/api/elevations/{asked['id']}/end", {"reason": "Done"})
    assert (again.status_code, again.json()["code"]) == (409, "elevation_over")


def test_break_glass_from_the_arming_to_its_review(
    client: APIClient, bot: ManagedIdentity, asker: User, deciders: list[User]
) -> None:
    until = (timezone.now() + timedelta(days=9)).isoformat().replace("+00:00", "Z")
    armed = client.post("/api/breakGlass", body(bot, asker, validUntil=until)).json()
    path = f"/api/breakGlass/{armed['id']}"
    early = client.post(f"{path}/use", {"reason": "now"})
    assert (early.status_code, early.json()["code"]) == (409, "not_armed")
    approve(armed, deciders)
    other = register.client_of(somebody(bot.tenant, PortalRole.ANALYST))
    assert other.post(f"{path}/use", {"reason": "now"}).json()["code"] == "not_yours"
    used = client.post(f"{path}/use", {"reason": "now"}).json()
    assert (used["state"], used["usedBy"]) == ("used", asker.email)
    twice = client.post(f"{path}/use", {"reason": "now"})
    assert (twice.status_code, twice.json()["code"]) == (409, "break_glass_used")
    over = client.post(f"{path}/end", {"reason": "It goes again"}).json()
    assert (over["state"], over["rotation"]["state"]) == ("review", "due")
    own = client.post(f"{path}/review", {"text": "fine"})
    assert (own.status_code, own.json()["code"]) == (403, "own_use")
    blocked = client.post("/api/breakGlass", body(bot, asker, validUntil=until))
    assert (blocked.status_code, blocked.json()["code"]) == (409, "review_open")
    closed = register.client_of(deciders[0]).post(f"{path}/review", {"text": "As the ticket says"})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert client.get("/api/breakGlass?state=closed").json()["results"][0]["id"] == armed["id"]


def test_exceptions_are_listed_and_renewed(tenant: Tenant, bot: ManagedIdentity) -> None:
    client = register.client_of(somebody(tenant))
    ends = (timezone.now() + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    new = {"kind": "rotation_beyond_maximum", "reason": "The vendor is slow", "expiresAt": ends}
    first = client.post(f"/api/identities/{bot.pk}/exceptions", new).json()
    answer = client.post(f"/api/exceptions/{first['id']}/renew", {"reason": "Still", "expiresAt": ends})
    assert (answer.status_code, answer.json()["renewsId"]) == (201, first["id"])
    live = client.get("/api/exceptions?state=ending").json()["results"]
    assert [row["id"] for row in live] == [answer.json()["id"]]
    assert [row["id"] for row in client.get("/api/exceptions?state=over").json()["results"]] == [first["id"]]
    shared = {**new, "kind": "shared_identity"}
    refused = client.post(f"/api/identities/{bot.pk}/exceptions", shared)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["owner"])
