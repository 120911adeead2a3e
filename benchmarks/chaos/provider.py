"""`python -m benchmarks.chaos.provider PORT FOLDER EMAIL`: an OpenID Connect provider at which one person is signed in.

Its signing key lies in FOLDER, so that whoever kills it meets the same provider again. While FOLDER holds a file
`no-keys`, it vouches for people and shows nobody the keys to check that by.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

CLIENT_ID, CLIENT_SECRET = "steward", "a-secret-of-the-portal"
NO_KEYS = "no-keys"


class Provider(ThreadingHTTPServer):
    """Whoever comes to `/authorize` is signed in; any code is good, since it is the portal that is on trial."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, folder: Path, email: str) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.issuer, self.folder, self.email, self.key = f"http://127.0.0.1:{port}", folder, email, _key(folder)

    def document(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        made = {"issuer": self.issuer, "token_endpoint_auth_methods_supported": ["client_secret_post"]}
        return made | {name: f"{self.issuer}/{path}" for name, path in paths.items()}

    def jwks(self) -> dict[str, Any] | None:
        if (self.folder / NO_KEYS).exists():
            return None
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "chaos", "alg": "RS256", "use": "sig"}]}

    def token(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "sub": "somebody", "amr": ["mfa"]}
        claims |= {"email": self.email, "email_verified": True}
        told = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "chaos"})
        return {"access_token": "of-the-provider", "token_type": "Bearer", "id_token": told}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone meanwhile."""


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            back = urlencode({"code": "any", "state": asked["state"]})
            self._send(302, {}, f"{asked['redirect_uri']}?{back}")
            return
        answers = {"/.well-known/openid-configuration": self.server.document, "/jwks": self.server.jwks}
        found = answers[parts.path]() if parts.path in answers else None
        self._send(503 if found is None else 200, found or {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(200, self.server.token())

    def _send(self, status: int, body: dict[str, Any], location: str = "") -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Nobody reads it."""


def _key(folder: Path) -> rsa.RSAPrivateKey:
    place = folder / "key.pem"
    if not place.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        place.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(place.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


if __name__ == "__main__":
    Provider(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]).serve_forever(poll_interval=0.1)
