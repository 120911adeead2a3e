"""A stub of Azure Key Vault and of Entra ID's token endpoint, in one HTTPS server.

It is no Azure: what it says is written after Microsoft's reference of the REST interface (7.4). It does the real
exchange of a Key Vault: 401 with a bearer challenge to whoever comes without a token, a token for exactly that
resource, and only then an answer.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.factories.https_stub import Asked, HttpsStub, Told

DIRECTORY = "6f1c0a5e-2f0b-4c7e-9c1d-0f7f5f3a9b11"
CLIENT_ID = "0c1f7a52-73a5-4a2b-8d7e-5f6f2b1c9d33"
CLIENT_SECRET = "the~client.secret-of-the-stub"


@dataclass
class AzureStub(HttpsStub):
    """Secrets by name, each a list of versions; `resource` is what its challenge asks a token for."""

    resource: str = "https://127.0.0.1"
    directory: str = DIRECTORY
    secrets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    bin: set[str] = field(default_factory=set)
    keeps_bin: bool = False
    tokens: set[str] = field(default_factory=set)

    def usual(self, asked: Asked) -> Told:
        if asked.path.endswith("/oauth2/v2.0/token"):
            return self._sign_in(asked)
        if asked.bearer not in self.tokens:
            challenge = f'Bearer authorization="{self.uri}/{self.directory}", resource="{self.resource}"'
            return 401, _error("Unauthorized"), {"WWW-Authenticate": challenge}
        if asked.query.get("api-version") != "7.4":
            return 400, _error("BadParameter"), {}
        kind, name, *rest = asked.path.strip("/").split("/")
        name = name.lower()
        if kind == "deletedsecrets":
            return self._purge(name)
        if rest == ["versions"]:
            return self._list(name, asked)
        return {"GET": self._get, "PUT": self._put, "PATCH": self._patch, "DELETE": self._delete}[asked.method](
            name, rest, asked
        )

    def _sign_in(self, asked: Asked) -> Told:
        wanted = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scope": f"{self.resource}/.default",
        }
        if asked.body != wanted or not asked.path.startswith(f"/{DIRECTORY}/"):
            return 401, {"error": "invalid_client", "error_codes": [7000215]}, {}
        token = uuid4().hex
        self.tokens.add(token)
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}, {}

    def _get(self, name: str, rest: list[str], asked: Asked) -> Told:
        held = self.secrets.get(name, [])
        found = [one for one in held if not rest or one["version"] == rest[0]]
        if not found or name in self.bin:
            return 404, _error("SecretNotFound"), {}
        if not found[-1]["attributes"]["enabled"]:
            return 403, _error("Forbidden", "SecretDisabled"), {}
        return 200, {"value": found[-1]["value"], **self._shown(name, found[-1])}, {}

    def _put(self, name: str, rest: list[str], asked: Asked) -> Told:
        if name in self.bin:
            return 409, _error("Conflict", "ObjectIsDeletedButRecoverable"), {}
        made = {
            "version": uuid4().hex,
            "value": asked.body["value"],
            "attributes": {"enabled": True, "created": int(time.time())},
        }
        self.secrets.setdefault(name, []).append(made)
        return 200, {"value": made["value"], **self._shown(name, made)}, {}

    def _patch(self, name: str, rest: list[str], asked: Asked) -> Told:
        found = next(one for one in self.secrets[name] if one["version"] == rest[0])
        found["attributes"] |= asked.body["attributes"]
        return 200, self._shown(name, found), {}

    def _delete(self, name: str, rest: list[str], asked: Asked) -> Told:
        if name not in self.secrets or name in self.bin:
            return 404, _error("SecretNotFound"), {}
        self.bin.add(name)
        return 200, {"recoveryId": f"{self.uri}/deletedsecrets/{name}"}, {}

    def _purge(self, name: str) -> Told:
        if self.keeps_bin:
            return 403, _error("Forbidden", "ForbiddenByPolicy"), {}
        self.bin.discard(name)
        del self.secrets[name]
        return 204, {}, {}

    def _list(self, name: str, asked: Asked) -> Told:
        """Two a page, so that whoever lists has to turn pages."""
        if name not in self.secrets or name in self.bin:
            return 404, _error("SecretNotFound"), {}
        start = int(asked.query.get("$skiptoken", 0))
        rows = [self._shown(name, one) for one in self.secrets[name]]
        more = f"https://elsewhere.example.com/secrets/{name}/versions?api-version=7.4&$skiptoken={start + 2}"
        return 200, {"value": rows[start : start + 2], "nextLink": more if len(rows) > start + 2 else None}, {}

    def _shown(self, name: str, one: dict[str, Any]) -> dict[str, Any]:
        return {"id": f"{self.uri}/secrets/{name}/{one['version']}", "attributes": one["attributes"]}


def _error(code: str, inner: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": "…", **({"innererror": {"code": inner}} if inner else {})}}
