"""The run's way to its token: by the street door, over HTTP, as any client does (S1-07)."""

import base64
import json
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import certifi
import urllib3
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from audit import context
from identities.vaults.secret_text import SecretText

CONNECT_SECONDS, READ_SECONDS = 3.05, 15.0
LONGEST_ANSWER = 64 * 1024
SCOPE = "openid roles"
FORM = urlencode({"grant_type": "client_credentials", "scope": SCOPE})


class TokenRefused(Exception):
    """Passport answered and gave no token: `status` and OAuth's `error` word, nothing else of the answer."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(f"{status} {error}")
        self.status, self.error = status, error


class PassportDown(Exception):
    """Passport does not answer, or answers with an error of its own; `retry_after` in seconds when it said so."""

    def __init__(self, reason: str, retry_after: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


@sensitive_variables()
def request_token(client_id: str, secret: SecretText) -> SecretText:
    """`POST /passport/token` with Basic (RFC 6749 §2.3.1, §4.4); the access token, unverified.

    Raises TokenRefused and PassportDown. Follows no redirect, uses no proxy or netrc of the environment, logs nothing:
    neither the secret nor the token leaves this function but in its result. Connections are kept: to open one, and the
    session of `requests` around it, cost more than Passport's answer.
    """
    headers = {
        "Authorization": _basic(client_id, secret.reveal()),
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Correlation-ID": context.current().correlation_id,
    }
    try:
        try:
            return _token_in(*_post(headers))
        except urllib3.exceptions.ProtocolError:
            # The other end has closed a connection that was idle: once more, over a new one. A token too many is
            # the worst that comes of it.
            return _token_in(*_post(headers))
    except urllib3.exceptions.HTTPError as error:
        # The text of the error may hold the request; its name says enough.
        raise PassportDown(type(error).__name__) from None


def forget() -> None:
    """Close what is kept open: for tests, whose servers come and go."""
    _connections().clear()


@cache
def _connections() -> urllib3.PoolManager:
    wait = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    return urllib3.PoolManager(
        4, maxsize=16, retries=False, timeout=wait, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
    )


@sensitive_variables()
def _post(headers: dict[str, str]) -> tuple[int, bytes, str]:
    """Status, body (no more of it than an answer may have) and Retry-After."""
    url = f"{str(settings.PASSPORT_URL).rstrip('/')}/passport/token"
    answer = _connections().request(
        "POST", url, body=FORM, headers=headers, redirect=False, preload_content=False, decode_content=False
    )
    try:
        body = answer.read(LONGEST_ANSWER + 1)
        if len(body) > LONGEST_ANSWER:
            answer.close()
        return answer.status, body, answer.headers.get("Retry-After", "")
    finally:
        answer.release_conn()


@sensitive_variables()
def _basic(client_id: str, secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


@sensitive_variables()
def _token_in(status: int, answer: bytes, retry_after: str) -> SecretText:
    if status == 429 or status >= 500:
        raise PassportDown(f"HTTP {status}", _seconds(retry_after))
    body = _json(answer)
    token = body.get("access_token")
    if status == 200 and isinstance(token, str) and token:
        return SecretText(token)
    raise TokenRefused(status, _word(body.get("error")))


def _json(answer: bytes) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        return {}
    try:
        body = json.loads(answer)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _word(error: object) -> str:
    """OAuth's error words are short ASCII (RFC 6749 §5.2); anything else is not repeated."""
    return error if isinstance(error, str) and error.isascii() and error.isidentifier() and len(error) <= 64 else ""


def _seconds(text: str) -> int:
    return min(int(text), 60) if text.isascii() and text.isdigit() else 0
