"""The shipped nginx in front of a server that says what reached it."""

import json
import shutil
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from benchmarks.servers import free_port
from tests.factories.proxies import Nginx

pytestmark = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")

FORGED = {
    "X-Client-Cert": "forged",
    "Client-Cert": ":Zm9yZ2Vk:",
    "X-SSL-Client-Verify": "SUCCESS",
    "X-SSL-Client-S-DN": "CN=admin",
    "X-Forwarded-Client-Cert": "forged",
    "X-Forwarded-For": "10.9.8.7",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.test",
    "Forwarded": "for=10.9.8.7;host=evil.test",
    "X-Real-IP": "10.9.8.7",
    # With an underscore, as a program behind would read it too: nginx leaves such headers out.
    "X_Client_Cert": "forged",
    "PATH_INFO": "/admin/",
}


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers of the request, in lower case."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("nginx")
    upstream = f"127.0.0.1:{echo.server_port}"
    laid_out = Nginx.laid_out(
        folder, upstream=upstream, http=free_port(), https=free_port(), with_client_certificates=True
    )
    with laid_out:
        yield laid_out
    echo.shutdown()
    echo.server_close()


def ask(
    nginx: Nginx,
    method: str = "GET",
    path: str = "/",
    *,
    client: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
):
    """Status and headers of the answer, and what reached the server behind, if it was asked."""
    context = ssl.create_default_context(cafile=str(nginx.folder / "tls/client-ca.pem"))
    if client:
        context.load_cert_chain(nginx.folder / f"tls/{client}.pem", nginx.folder / f"tls/{client}.key")
    connection = HTTPSConnection("localhost", nginx.https, context=context, timeout=10)
    try:
        connection.request(method, path, body=body or None, headers=dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text.startswith(b"{") else {}
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/api/imports", "/admin/identities/importrun/add/"])
def test_headers_forged_outside_reach_nobody(nginx: Nginx, path: str) -> None:
    status, _, reached = ask(nginx, path=path, headers=FORGED)
    assert status == 200
    assert "forged" not in json.dumps(reached)
    assert not [name for name in reached if "client" in name or "cert" in name or name in {"forwarded", "path_info"}]
    assert (reached["x-forwarded-for"], reached["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert "x-forwarded-host" not in reached


def test_a_certificate_of_a_stranger_is_refused(nginx: Nginx) -> None:
    status, _, reached = ask(nginx, client="stranger")
    assert (status, reached) == (400, {})


def test_a_verified_certificate_reaches_the_server_behind_whatever_was_forged_beside_it(nginx: Nginx) -> None:
    _, _, reached = ask(nginx, client="client", headers=FORGED)
    assert unquote(reached["x-client-cert"]) == Path(nginx.folder / "tls/client.pem").read_text()
    assert "forged" not in json.dumps(reached)


def test_what_is_too_large_is_refused_before_anybody_behind_hears_of_it(nginx: Nginx) -> None:
    for body, path, headers, expected in (
        (b"x" * 11_000_000, "/api/identities", {}, 413),
        (b"x" * 11_000_000, "/api/imports", {}, 200),
        (b"", "/", {"X-Long": "x" * 40_000}, 400),
    ):
        status, answered, _ = ask(nginx, "POST", path, body=body, headers=headers)
        assert status == expected
        assert answered["Strict-Transport-Security"].startswith("max-age=31536000")


def test_only_tls_that_is_still_good_is_spoken(nginx: Nginx) -> None:
    context = ssl.create_default_context(cafile=str(nginx.folder / "tls/client-ca.pem"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    connection = HTTPSConnection("localhost", nginx.https, context=context, timeout=10)
    with pytest.raises(ssl.SSLError):
        connection.request("GET", "/")
    connection.close()


def _log_with(nginx: Nginx, line: str) -> str:
    """nginx writes the line when the answer is out already: it is given its time."""
    until = time.monotonic() + 60
    while line not in (log := (nginx.folder / "access.log").read_text()) and time.monotonic() < until:
        time.sleep(0.02)
    return log


def test_a_questionnaires_link_is_not_written_into_the_log(nginx: Nginx) -> None:
    ask(nginx, path="/questionnaire/a-secret-link?and=a-query")
    log = _log_with(nginx, "/questionnaire/[hidden]")
    assert "/questionnaire/[hidden]" in log
    assert "a-secret-link" not in log
    assert "a-query" not in log
