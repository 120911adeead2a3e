"""Who asks and who decides: one tenant with an analyst, an owner, two who govern; and what is asked for."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from identities.approvals.models import ApprovalRequest
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.requests import services as requests
from identities.requests.models import IdentityRequest
from tests.factories import people

LONG_AGO = timedelta(days=30)


@dataclass(frozen=True)
class Cast:
    """One tenant's people, all there for long."""

    tenant: Tenant
    asker: User
    owner: User
    admin: User
    other: User

    def given(self, **members: Any) -> dict[str, Any]:
        """A request that is of low tier, unless `members` say otherwise."""
        plain = {
            "bundle": "observability-bot",
            "name": "watcher",
            "environment": "development",
            "purpose": "Draws the dashboard of runs.",
            "expires_at": timezone.now() + timedelta(days=30),
            "technical_owner": self.owner.email,
        }
        return {**plain, **members}

    def medium(self, **members: Any) -> dict[str, Any]:
        evidence = {"releaseTicket": "REL-1", "approver": "dana", "deploymentId": "d-1"}
        return self.given(bundle="deploy-bot", environment="staging", evidence=evidence, **members)

    def high(self, **members: Any) -> dict[str, Any]:
        return self.given(environment="production", customer_facing=True, **members)

    def ask(self, given: dict[str, Any], *, by: User | None = None, **more: Any) -> requests.Answered:
        return requests.request(tenant=self.tenant, given=given, actor=actor_of(by or self.asker), **more)

    def approve(self, row: IdentityRequest, by: User) -> IdentityRequest:
        return requests.approve(again(row), reason="Needed.", actor=actor_of(by))


def again(row: IdentityRequest) -> IdentityRequest:
    return IdentityRequest.objects.select_related("identity", "approval").get(pk=row.pk)


def waiting(row: IdentityRequest) -> ApprovalRequest:
    """The approval that the request as it stands waits for."""
    found = again(row).approval
    assert found is not None
    return found


@pytest.fixture
def cast(db: None) -> Cast:
    tenant = people.tenant()
    there: dict[str, Any] = {"of": tenant, "created_at": timezone.now() - LONG_AGO}
    return Cast(
        tenant=tenant,
        asker=people.person(role=PortalRole.ANALYST, first_name="Ada", last_name="Asker", **there),
        owner=people.person(role=PortalRole.ANALYST, first_name="Oma", last_name="Owner", **there),
        admin=people.person(role=PortalRole.ADMIN, first_name="Ari", last_name="Admin", **there),
        other=people.person(role=PortalRole.ADMIN, first_name="Otto", last_name="Other", **there),
    )
