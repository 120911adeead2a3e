"""The run's way to its token: by the street door, over HTTP, as any client does (S1-07)."""

import base64
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from audit import context
from identities.vaults.secret_text import SecretText

CONNECT_SECONDS, READ_SECONDS = 3.05, 15.0
LONGEST_ANSWER = 64 * 1024
SCOPE = "openid roles"


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
    neither the secret nor the token leaves this function but in its result.
    """
    headers = {
        "Authorization": _basic(client_id, secret.reveal()),
        "Accept": "application/json",
        "X-Correlation-ID": context.current().correlation_id,
    }
    form = {"grant_type": "client_credentials", "scope": SCOPE}
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                f"{str(settings.PASSPORT_URL).rstrip('/')}/passport/token",
                data=form,
                headers=headers,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
            return _token_in(answer)
    except requests.RequestException as error:
        # The text of the error may hold the request; its name says enough.
        raise PassportDown(type(error).__name__) from None


@sensitive_variables()
def _basic(client_id: str, secret: str) -> str:
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


@sensitive_variables()
def _token_in(answer: requests.Response) -> SecretText:
    status = answer.status_code
    if status == 429 or status >= 500:
        raise PassportDown(f"HTTP {status}", _seconds(answer.headers.get("Retry-After", "")))
    body = _json(answer)
    token = body.get("access_token")
    if status == 200 and isinstance(token, str) and token:
        return SecretText(token)
    raise TokenRefused(status, _word(body.get("error")))


def _json(answer: requests.Response) -> dict[str, Any]:
    if len(answer.content) > LONGEST_ANSWER:
        return {}
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _word(error: object) -> str:
    """OAuth's error words are short ASCII (RFC 6749 §5.2); anything else is not repeated."""
    return error if isinstance(error, str) and error.isascii() and error.isidentifier() and len(error) <= 64 else ""


def _seconds(text: str) -> int:
    return min(int(text), 60) if text.isascii() and text.isdigit() else 0
