"""An HTTPS server of our own with a certificate of our own, to stand in for clouds that cannot run here."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Told = tuple[int, dict[str, Any], dict[str, str]]


@dataclass
class Asked:
    """One request, read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass
class HttpsStub:
    """What every stub has: an address, the authority to trust, what it was asked, and answers to give instead."""

    uri: str = ""
    authority: str = ""
    asked: list[Asked] = field(default_factory=list)
    instead: dict[str, Told] = field(default_factory=dict)
    """By method and the beginning of a path: `"GET /secrets/x"`."""

    def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        for start, told in self.instead.items():
            if f"{asked.method} {asked.path}".startswith(start) and asked.bearer:
                return told
        return self.usual(asked)

    def usual(self, asked: Asked) -> Told:
        raise NotImplementedError


Stub = TypeVar("Stub", bound=HttpsStub)


@contextmanager
def serving(stub: Stub, home: Path) -> Iterator[Stub]:
    """Serve `stub` at a port of 127.0.0.1 for as long as the block lasts."""
    handler = type("Handler", (_Handler,), {"stub": stub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stub.authority = certified(home, context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    stub.uri = f"https://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certified(home: Path, context: ssl.SSLContext, **facts: Any) -> str:
    """Give `context` a certificate for 127.0.0.1; the file with the authority that signed it."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("Authority of the tests", authority_key, None, authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _certificate("127.0.0.1", key, authority, authority_key, **facts)
    chain, place = home / "server.pem", home / "authority.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + private)
    place.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    context.load_cert_chain(chain)
    return str(place)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ended: bool = False,
    address: str = "127.0.0.1",
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=-1 if ended else 1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(_usage(signs=issuer is None), critical=True)
    )
    if issuer:
        found = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))])
        made = made.add_extension(found, critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _usage(*, signs: bool) -> x509.KeyUsage:
    enciphers = ("key_encipherment", "data_encipherment", "encipher_only", "decipher_only")
    unused = dict.fromkeys(("content_commitment", "key_agreement", *enciphers), False)
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **unused)


class _Handler(BaseHTTPRequestHandler):
    stub: HttpsStub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        is_form = "form-urlencoded" in self.headers.get("Content-Type", "")
        body = dict(parse_qsl(raw)) if is_form else json.loads(raw or "{}")
        query = {name: found[0] for name, found in parse_qs(parts.query).items()}
        headers = {name.lower(): text for name, text in self.headers.items()}
        status, told, more = self.stub.answer(Asked(self.command, parts.path, query, headers, body))
        text = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class calls them so

    def handle(self) -> None:
        with suppress(OSError):  # the client hung up
            super().handle()

    def log_message(self, *args: Any) -> None:
        pass
