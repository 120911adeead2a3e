"""The servers that secrets are written back to, and a Passport with nothing remembered."""

from collections.abc import Iterator

import pytest

from tests.factories import passport
from tests.factories.vault_servers import azure, bao, gcp, moto

__all__ = ["azure", "bao", "gcp", "moto"]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with passport.fresh():
        yield
