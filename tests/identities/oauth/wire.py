"""Requests written by hand and sent over a real connection, so that nothing in between mends them."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"
ASK: dict[str, Any] = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def members(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}")

    @property
    def error(self) -> str:
        return self.members.get("error", "") if "json" in self.headers.get("content-type", "") else ""


@dataclass(frozen=True)
class Sent:
    """One request. `body` is sent as it is."""

    path: str = "/passport/token"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    def to(self, base: str) -> Answer:
        parts = urlsplit(base)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        try:
            connection.request(self.method, self.path, body=self.body.encode(), headers=dict(self.headers))
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, headers, answer.read())
        finally:
            connection.close()


def basic(client_id: str, secret: str, scheme: str = "Basic", *, encode: bool = False) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}" if encode else f"{client_id}:{secret}"
    return {"Authorization": f"{scheme} {base64.b64encode(pair.encode()).decode()}"}


def form(*, path: str = "/passport/token", headers: Mapping[str, str] | None = None, **members: Any) -> Sent:
    """A form POST with these members."""
    return Sent(path, "POST", {"Content-Type": FORM, **(headers or {})}, urlencode(members))
