"""A tenant, and the servers to go with it."""

import pytest

from identities.people.models import Tenant
from tests.factories import people
from tests.factories.vault_servers import azure, bao, gcp, moto

__all__ = ["azure", "bao", "gcp", "moto"]


@pytest.fixture
def tenant() -> Tenant:
    return people.tenant()
