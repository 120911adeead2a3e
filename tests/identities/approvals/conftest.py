"""Who takes part: one who asks, one who governs, one who owns; and what they decide on."""

import pytest

from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Tenant, User
from tests.factories import approvals, register


@pytest.fixture(autouse=True)
def nothing_heard() -> None:
    approvals.seen()


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def asker(tenant: Tenant) -> User:
    return approvals.veteran(tenant, PortalRole.ADMIN)


@pytest.fixture
def governor(tenant: Tenant) -> User:
    return approvals.veteran(tenant, PortalRole.ADMIN)


@pytest.fixture
def owner(tenant: Tenant) -> User:
    return approvals.veteran(tenant, PortalRole.ANALYST)


@pytest.fixture
def identity(tenant: Tenant, owner: User) -> ManagedIdentity:
    return register.identity(tenant, technical_owner=str(owner.pk), risk_tier="high")
