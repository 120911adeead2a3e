"""`context.http`: calls to the workflow's allowed hosts, made as the managed identity. A node never sees the token."""

import json as json_text
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scheduling.nodes import addresses, outbound
from scheduling.nodes.failures import BadUrl
from scheduling.nodes.redaction import Redactor

OURS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-correlation-id",
    }
)
KEPT_BACK = frozenset({"set-cookie", "authorization", "www-authenticate", "proxy-authenticate"})


@dataclass(frozen=True)
class HttpAnswer:
    """What came back: `body` is the JSON when the answer says it is JSON, else text; the token is cut out of it."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_worth_retrying(self) -> bool:
        """A server's trouble, 408 and 429; other refusals stay what they are."""
        return self.status >= 500 or self.status in (408, 429)


class HttpClient:
    """Sends `Authorization: Bearer`, `X-Correlation-ID` and `Idempotency-Key` by itself.

    The key is run id and node id, and for the second and later request of one execution a number: it is the same each
    time the step is executed again. A host that is not among the allowed ones is never called. Redirects are answers,
    not followed. Raises `scheduling.nodes.failures.OutboundFailure`.
    """

    def __init__(
        self,
        *,
        token: str,
        allowed_hosts: Iterable[str],
        run_id: UUID,
        node_id: str,
        correlation_id: str,
        send: Callable[..., outbound.Answer] = outbound.send,
    ) -> None:
        self._token = token
        self._allowed = [addresses.parse_allowed(text) for text in allowed_hosts]
        self._key = f"{run_id}:{node_id}"
        self._correlation_id = correlation_id
        self._send = send
        self._sent = 0

    def __repr__(self) -> str:
        return f"HttpClient({self._key})"

    def __reduce__(self) -> str:
        raise TypeError("an HttpClient holds a token and cannot be stored")

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, json: Any = None
    ) -> HttpAnswer:
        """Call `url` once. `json` other than None is sent as the body."""
        target = outbound.parse_url(url)
        outbound.check_allowed(target, self._allowed)
        body = None if json is None else json_text.dumps(json, ensure_ascii=False, allow_nan=False).encode()
        sent = self._send(method.upper(), target, headers=self._headers(headers or {}, body), body=body)
        return self._answer(sent)

    def _headers(self, given: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        check_names(given)
        self._sent += 1
        key = self._key if self._sent == 1 else f"{self._key}:{self._sent}"
        content = {} if body is None else {"Content-Type": "application/json"}
        merged = {"Accept": "application/json", "User-Agent": "steward", **content}
        names = {name.lower() for name in given}
        kept = {name: value for name, value in merged.items() if name.lower() not in names}
        ours = {
            "Authorization": f"Bearer {self._token}",
            "X-Correlation-ID": self._correlation_id,
            "Idempotency-Key": key,
        }
        return {**kept, **given, **ours}

    def _answer(self, sent: outbound.Answer) -> HttpAnswer:
        """A receiver that echoes its request must not carry the token into the run's record."""
        redactor = Redactor(self._token)
        text = redactor.raw(sent.body).decode("utf-8", errors="replace")
        shown = {name: redactor.text(value) for name, value in sent.headers.items() if name not in KEPT_BACK}
        body = _understood(text, sent.headers.get("content-type", ""))
        return HttpAnswer(sent.status, shown, redactor.plain(body))


def check_names(headers: Mapping[str, str]) -> None:
    """Refuse names that are ours to send or that change what a request is."""
    for name in headers:
        if name.lower() in OURS:
            raise BadUrl(f"the header {name} is not for a workflow to set")


def _understood(text: str, content_type: str) -> Any:
    media = content_type.partition(";")[0].strip().lower()
    if media == "application/json" or media.endswith("+json"):
        try:
            return json_text.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return text
    return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
