"""A stub of Google Secret Manager and of Google's token endpoint, in one HTTPS server.

It is no Google: what it says is written after Google's reference of the REST interface (v1). It verifies the signature
and the claims of the assertion that a token is asked for with.
"""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.factories.https_stub import Asked, HttpsStub, Told

PROJECT = "acme-secrets"
ACCOUNT = "steward@acme-secrets.iam.gserviceaccount.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class GcpStub(HttpsStub):
    """Secrets by name, each a list of versions. `offset` puts its clock wrong, in seconds."""

    secrets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    offset: int = 0

    @property
    def place(self) -> str:
        return f"{self.uri}/projects/{PROJECT}"

    def key_file(self, **changed: str) -> str:
        """The JSON file that Google gives out for a service account, line breaks and all."""
        pem = _KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        told = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "key-one",
            "private_key": pem.decode(),
            "client_email": ACCOUNT,
            "token_uri": f"{self.uri}/token",
        }
        return json.dumps(told | changed, indent=2)

    def usual(self, asked: Asked) -> Told:
        if asked.path == "/token":
            return self._sign_in(asked)
        if asked.bearer not in self.tokens:
            return _refused(401, "UNAUTHENTICATED")
        path = asked.path.removeprefix(f"/v1/projects/{PROJECT}/")
        if path == asked.path:
            return _refused(403, "PERMISSION_DENIED")
        return self._secret(path, asked)

    def _sign_in(self, asked: Asked) -> Told:
        try:
            claims = jwt.decode(
                asked.body["assertion"], _KEY.public_key(), algorithms=["RS256"], audience=f"{self.uri}/token"
            )
        except jwt.InvalidTokenError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, {}
        if abs(claims["iat"] - time.time() - self.offset) > 300:
            said = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            return 400, {"error": "invalid_grant", "error_description": f"{said}Check your iat and exp values."}, {}
        if claims["iss"] != ACCOUNT or asked.body["grant_type"] != GRANT or not claims["scope"]:
            return 401, {"error": "invalid_client"}, {}
        token = uuid4().hex
        self.tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}, {}

    def _secret(self, path: str, asked: Asked) -> Told:
        if path == "secrets":
            made = self.secrets.setdefault(asked.query["secretId"], [])
            assert asked.body == {"replication": {"automatic": {}}}
            return _refused(409, "ALREADY_EXISTS") if made else (200, {}, {})
        name, _, rest = path.removeprefix("secrets/").partition("/")
        name, _, verb = name.partition(":")
        if name not in self.secrets:
            return _refused(404, "NOT_FOUND")
        if verb == "addVersion":
            held = self.secrets[name]
            held.append({"state": "ENABLED", "data": asked.body["payload"]["data"], "at": time.time()})
            return 200, self._shown(name, len(held)), {}
        if asked.method == "DELETE":
            del self.secrets[name]
            return 200, {}, {}
        return self._list(name, asked) if rest == "versions" else self._version(name, rest.removeprefix("versions/"))

    def _version(self, name: str, rest: str) -> Told:
        number, _, verb = rest.partition(":")
        held = self.secrets[name]
        at = len(held) if number == "latest" else int(number)
        if not 1 <= at <= len(held):
            return _refused(404, "NOT_FOUND")
        one = held[at - 1]
        if one["state"] != "ENABLED":
            return _refused(400, "FAILED_PRECONDITION")
        if verb == "destroy":
            one |= {"state": "DESTROYED", "data": ""}
            return 200, self._shown(name, at), {}
        return 200, {**self._shown(name, at), "payload": {"data": one["data"]}}, {}

    def _list(self, name: str, asked: Asked) -> Told:
        """Two a page, the newest first, so that whoever lists has to turn pages."""
        start = int(asked.query.get("pageToken", 0))
        rows = [self._shown(name, at) for at in range(len(self.secrets[name]), 0, -1)]
        more = {"nextPageToken": str(start + 2)} if len(rows) > start + 2 else {}
        return 200, {"versions": rows[start : start + 2], **more}, {}

    def _shown(self, name: str, at: int) -> dict[str, Any]:
        one = self.secrets[name][at - 1]
        told = time.strftime("%Y-%m-%dT%H:%M:%S.123456Z", time.gmtime(one["at"]))
        return {"name": f"projects/42/secrets/{name}/versions/{at}", "createTime": told, "state": one["state"]}


def _refused(status: int, name: str) -> Told:
    return status, {"error": {"code": status, "status": name, "message": "…"}}, {}
