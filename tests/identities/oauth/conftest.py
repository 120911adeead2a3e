"""Each test starts with nothing remembered: keys, stops and counts are process-wide."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from identities.oauth import refusals
from identities.oauth.throttle import windows
from identities.tokens.keyring import keyring
from identities.tokens.revocations import revocations


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    keyring.forget()
    revocations.forget()
    windows.clear()
    refusals.forget()
    cache.clear()
    yield
    keyring.forget()
    revocations.forget()
