"""The runner's tests speak to Passport over HTTP: a live server, a signing key made once, nothing remembered."""

from collections.abc import Iterator
from typing import Any

import pytest

from identities.jose import keys as jose_keys
from identities.throttle import windows
from identities.tokens.keyring import keyring
from identities.tokens.revocations import revocations
from identities.vaults import services as vaults
from scheduling.runner import passport as calls
from tests.scheduling.runner.world import World


@pytest.fixture(scope="session")
def rsa_key() -> Any:
    return jose_keys.generate_rsa()


@pytest.fixture
def passport(
    live_server: Any, settings: Any, rsa_key: Any, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> Iterator[str]:
    """Passport's address, with nothing remembered from the test before."""
    monkeypatch.setattr(jose_keys, "generate_rsa", lambda: rsa_key)
    settings.PASSPORT_URL = live_server.url
    for memory in (keyring, revocations):
        memory.forget()
    windows.clear()
    vaults.ensure_default()
    yield live_server.url
    calls.forget()
    keyring.forget()
    revocations.forget()


@pytest.fixture
def world(passport: str) -> World:
    return World()
