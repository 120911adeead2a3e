"""A small OpenID Connect provider on loopback: it checks what a real one checks, and can be told to misbehave."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "steward", "a-secret-of-the-client"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ANOTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """`claims` is whom it says has signed in; `told` is what its userinfo says; `faults` names what it does wrong."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.claims: dict[str, Any] = {"sub": "ada-1", "email": "ada@example.com", "email_verified": True}
        self.told: dict[str, Any] = {}
        self.faults: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def document(self) -> dict[str, Any]:
        elsewhere = "http://127.0.0.2:9" if "points inside" in self.faults else self.issuer
        return {
            "issuer": "https://evil.example" if "other issuer" in self.faults else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{elsewhere}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent: everybody who comes here has signed in."""
        if (
            query["client_id"] != CLIENT_ID
            or query["response_type"] != "code"
            or query["code_challenge_method"] != "S256"
        ):
            raise ValueError(query)
        code = secrets.token_urlsafe()
        self.codes[code] = query
        denied = {"error": "access_denied", "state": query["state"]}
        sent = denied if "denies" in self.faults else {"code": code, "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(sent)}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        is_right = (
            asked is not None
            and (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
            and form["redirect_uri"] == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if not is_right:
            return None
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()}

    def id_token(self) -> str:
        at = int(time.time())
        body = {"iss": self.issuer, "aud": CLIENT_ID, "iat": at, "exp": at + 60, **self.claims}
        if "other audience" in self.faults:
            body["aud"] = "another client"
        if "expired" in self.faults:
            body["exp"] = at - 60
        if "unsigned" in self.faults:
            return jwt.encode(body, "", algorithm="none", headers={"kid": "k"})
        if "symmetric" in self.faults:
            return jwt.encode(body, CLIENT_SECRET * 2, algorithm="HS256", headers={"kid": "k"})
        kid = {} if "no kid" in self.faults else {"kid": "k"}
        return jwt.encode(body, ANOTHER if "other key" in self.faults else KEY, algorithm="RS256", headers=kid)

    def jwks(self) -> dict[str, Any]:
        one = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**one, "kid": "k", "alg": "RS256", "use": "sig"}]}


@contextmanager
def running() -> Iterator[Provider]:
    """One that listens until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    server.provider = provider
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider, parts = self._provider(), urlsplit(self.path)
        provider.asked.append(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            return self._send(302, None, provider.authorize(query))
        answers = {
            "/.well-known/openid-configuration": provider.document,
            "/jwks": provider.jwks,
            "/userinfo": lambda: provider.told,
        }
        if "redirects" in provider.faults and parts.path in answers:
            return self._send(302, None, f"{provider.issuer}/elsewhere")
        return self._send(200, answers[parts.path]()) if parts.path in answers else self._send(404, {})

    def do_POST(self) -> None:
        provider = self._provider()
        provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = provider.token({name: values[0] for name, values in parse_qs(body).items()})
        return self._send(200, answer) if answer else self._send(400, {"error": "invalid_grant"})

    def _provider(self) -> Provider:
        found: Provider = self.server.provider
        return found

    def _send(self, status: int, body: Any, location: str = "") -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Says nothing."""
