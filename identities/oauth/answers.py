"""Answers in OAuth's own shape: JSON, never cached, errors as RFC 6749 §5.2 has them."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

REALM = "passport"
BASIC = f'Basic realm="{REALM}", charset="UTF-8"'
STATUS = {"invalid_client": 401, "insufficient_scope": 403, "temporarily_unavailable": 503, "too_large": 413}


class OAuthError(Exception):
    """A request that is refused. `code` is one of RFC 6749 §5.2, 7009 or 6750; `description` holds no input."""

    def __init__(
        self, code: str, description: str, *, status: int = 0, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status or STATUS.get(code, 400)
        self.headers = dict(headers or {})


def private(members: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """JSON that nobody may keep. Its length is told, or the server would send it in pieces."""
    text = json.dumps(members).encode()
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Length": str(len(text))}
    return HttpResponse(text, status=status, content_type="application/json", headers=headers)


def public(members: Mapping[str, Any], *, seconds: int) -> HttpResponse:
    """JSON that anybody may keep for `seconds`."""
    answer = HttpResponse(json.dumps(members), content_type="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def refused(error: OAuthError) -> HttpResponse:
    """The error answer; a 401 always names the scheme the client may use."""
    answer = private({"error": error.code, "error_description": error.description}, status=error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = BASIC
    for name, value in error.headers.items():
        answer.headers[name] = value
    return answer
