"""What the test of a connection says: the step that failed, those before it, and those after."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from identities.people.models import Tenant
from identities.vaults import diagnosis, failures, landing, services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.remote import CA_FILE
from tests.factories import vaults as factory
from tests.factories.https_stub import certified

pytestmark = pytest.mark.django_db


def connected(tenant: Tenant, uri: str, *, may: bool = True, **settings: Any) -> VaultConnection:
    given = {"token": "x", "timeout": 2} | settings
    return factory.connection(of=tenant, provider="hashicorp-vault", uri=uri, settings=given, may_use_deployment=may)


@contextmanager
def speaking_tls(home: Path, **facts: Any) -> Iterator[tuple[str, str]]:
    """A port that shows a certificate and says no more; its address and its authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = certified(home, context, **facts)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = server.accept()
                    with suppress(OSError), context.wrap_socket(taken, server_side=True):
                        pass

        threading.Thread(target=greet, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}", authority


def test_every_failure_of_a_vault_has_its_step() -> None:
    told = dict(diagnosis._FAILS)
    assert set(told.values()) <= set(diagnosis.STEPS)
    for kind in (failures.VaultTimedOut, failures.VaultNameUnknown, failures.VaultClockSkew, failures.VaultSealed):
        assert diagnosis.of(kind("…")).code == kind.code
    assert diagnosis.of(failures.VaultTimedOut("…")).failed == "connection"
    assert diagnosis.of(failures.VaultClockSkew("…")).failed == "clock"
    assert diagnosis.of(failures.VaultThrottled("…")).failed == "readiness"


def test_passed_failed_and_not_reached_are_all_the_steps() -> None:
    for kind, step in diagnosis._FAILS:
        error = kind() if kind is failures.VaultAddressRefused else kind("…")
        found = diagnosis.of(error)
        assert [*found.passed, found.failed, *found.not_reached] == list(diagnosis.STEPS), step


def test_where_all_is_right_it_says_what(bao: factory.Bao, tenant: Tenant) -> None:
    found = vaults.examine(connected(tenant, bao.uri, token=factory.ROOT_TOKEN))
    assert (found.failed, found.passed) == ("", list(diagnosis.STEPS))
    assert str(found).startswith("All is right: a credential is there, the name is known")


def test_a_name_that_nobody_knows(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_facts: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(landing.socket, "getaddrinfo", unknown)
    found = vaults.examine(connected(tenant, "https://vault.example.com"))
    assert (found.failed, found.code) == ("name", "vault_name_unknown")
    assert "Right so far: a credential is there." in str(found)
    assert "Not reached: the address may be called" in str(found)


def test_a_name_that_leads_inside(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(landing.socket, "getaddrinfo", lambda *_args, **_facts: told)
    found = vaults.examine(connected(tenant, "https://vault.example.com", may=False))
    assert (found.failed, found.code) == ("address", "vault_address_refused")


def test_nobody_there(tenant: Tenant) -> None:
    found = vaults.examine(connected(tenant, f"http://127.0.0.1:{factory.free_port()}"))
    assert (found.failed, found.code) == ("connection", "vault_unreachable")


@pytest.mark.parametrize(
    ("facts", "trusted", "words"),
    [
        ({}, False, "an authority that is not trusted here"),
        ({"ended": True}, True, "has ended or not begun"),
        ({"address": "127.0.0.2"}, True, "for another name"),
    ],
)
def test_a_certificate_that_does_not_hold(
    tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], trusted: bool, words: str
) -> None:
    with speaking_tls(tmp_path, **facts) as (uri, authority):
        if trusted:
            monkeypatch.setenv(CA_FILE, authority)
        found = vaults.examine(connected(tenant, uri))
    assert (found.failed, found.code) == ("certificate", "vault_untrusted")
    assert words in found.message


def test_a_token_nobody_knows(bao: factory.Bao, tenant: Tenant) -> None:
    found = vaults.examine(connected(tenant, bao.uri, token="hvs.unknown"))
    assert (found.failed, found.code) == ("authentication", "vault_unauthenticated")


def test_a_right_that_is_missing_is_named_with_its_path(bao: factory.Bao, tenant: Tenant) -> None:
    rule = f'path "secret/data/{tenant.pk}/mine" {{ capabilities = ["read"] }}'
    bao.call("PUT", f"sys/policies/acl/{tenant.pk}", {"policy": rule})
    token = bao.call("POST", "auth/token/create", {"policies": [str(tenant.pk)]})["auth"]["client_token"]
    settings = {"token": token, "prefix": str(tenant.pk)}
    row = connected(tenant, bao.uri, **settings)
    found = vaults.examine(row)
    assert (found.failed, found.code) == ("permission", "vault_denied")
    assert f"secret/data/{tenant.pk}/steward-probe" in found.message
    row = vaults.change_connection(
        row, settings=row.settings | {"probeName": "mine"}, may_use_deployment=True, actor=factory.SYSTEM
    )
    assert vaults.examine(row).failed == ""
