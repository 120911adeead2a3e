"""A client of a portal under test: plain HTTP on loopback, one method a route."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

REASON = {"reason": "benchmark"}


@dataclass(frozen=True)
class Answer:
    """A status and the JSON that came with it."""

    status: int
    body: Any


@dataclass(frozen=True)
class Bot:
    """An identity that was made for a measurement."""

    identity_id: str
    client_id: str
    credential_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Portal:
    """A portal at `base`, spoken to as the administrator whose bearer token this is."""

    base: str
    bearer: str = field(repr=False)

    @classmethod
    def signed_in(cls, base: str, email: str, password: str) -> "Portal":
        answer = _ask(Request(f"{base}/api/auth/login", _json({"email": email, "password": password}), _JSON))
        return cls(base, answer.body["accessToken"])

    def make_identity(self, name: str) -> Bot:
        """An identity with a secret of its own."""
        facts = {"name": name, "environment": "production", "purpose": "benchmark", "issueSecret": True}
        made = self._done("POST", "/api/identities", facts)
        listed = self._done("GET", f"/api/identities/{made['id']}/credentials")
        return Bot(made["id"], made["clientId"], listed["results"][0]["id"], made["clientSecret"])

    def rotate(self, credential_id: str) -> tuple[str, str, str]:
        """Id and text of the new secret, and the id of the old one."""
        made = self._done("POST", f"/api/credentials/{credential_id}/rotate", REASON)
        return made["id"], made["clientSecret"], credential_id

    def revoke(self, credential_id: str) -> None:
        self._done("POST", f"/api/credentials/{credential_id}/revoke", REASON)

    def quarantine(self, identity_id: str) -> None:
        self._done("POST", f"/api/identities/{identity_id}/quarantine", REASON)

    def token(self, client_id: str, secret: str) -> Answer:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        return _ask(Request(f"{self.base}/passport/token", urlencode(form).encode()))

    def is_refused(self, token: str) -> bool:
        """Whether the portal's own API honours a machine's token no more."""
        request = Request(f"{self.base}/api/identities", headers={"Authorization": f"Bearer {token}"})
        return _ask(request).status == 401

    def _done(self, method: str, path: str, body: object = None) -> Any:
        headers = {**_JSON, "Authorization": f"Bearer {self.bearer}"}
        data = None if body is None else _json(body)
        answer = _ask(Request(self.base + path, data, headers, method=method))
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body


_JSON = {"Content-Type": "application/json"}


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def _ask(request: Request) -> Answer:
    try:
        with urlopen(request, timeout=30) as answer:
            return Answer(answer.status, json.loads(answer.read() or b"null"))
    except HTTPError as error:
        return Answer(error.code, error.read().decode(errors="replace"))
