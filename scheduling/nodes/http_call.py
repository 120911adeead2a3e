"""Node `http_call`: one HTTP request as the managed identity."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from scheduling.nodes import addresses, outbound
from scheduling.nodes.base import Answer, Failure, Node, NodeContext, Success
from scheduling.nodes.failures import HostNotAllowed, OutboundFailure
from scheduling.nodes.http_client import check_names
from scheduling.templating import has_template

URL = {
    "description": "https://host/path; the host must be in the workflow's allowedHosts",
    "minLength": 1,
    "maxLength": 4000,
}


class HttpCall(Node):
    """Succeeds on a 2xx with `{"status", "headers", "body"}`; another status or no answer is a failure.

    5xx, 408, 429 and lost connections may be tried again by the retry policy; other statuses and a host that is not
    allowed may not.
    """

    kind = "http_call"
    label = "Call a URL"

    @dataclass(frozen=True)
    class Params:
        url: str = field(metadata=URL)
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
        headers: Mapping[str, str] = field(default_factory=dict)
        json: Any = None

    params: Params

    @classmethod
    def problems(cls, params: Mapping[str, Any]) -> list[str]:
        found = []
        for check in (partial(_check_url, params["url"]), partial(_check_headers, params.get("headers") or {})):
            try:
                check()
            except OutboundFailure as failure:
                found.append(str(failure))
        return found

    @classmethod
    def foresee(cls, params: Mapping[str, Any], *, allowed_hosts: Iterable[str]) -> Iterator[tuple[str, str]]:
        """The host may be called and has an address that may be; nothing is sent to it."""
        if "url" not in params:
            return
        try:
            outbound.look_up(params["url"], [addresses.parse_allowed(text) for text in allowed_hosts])
        except HostNotAllowed as failure:
            yield "host_not_allowed", str(failure)
        except OutboundFailure as failure:
            yield "host_unknown", str(failure)

    def execute(self, context: NodeContext) -> Answer:
        params = self.params
        try:
            answer = context.http.request(params.method, params.url, headers=params.headers, json=params.json)
        except OutboundFailure as failure:
            return Failure(reason=str(failure), retryable=failure.retryable)
        context.log.info("http_call.answered", status=answer.status)
        if answer.is_success:
            return Success(payload={"status": answer.status, "headers": dict(answer.headers), "body": answer.body})
        reason = f"{params.method} answered {answer.status}"
        return Failure(reason=reason, retryable=answer.is_worth_retrying, status=answer.status)


def _check_url(url: str) -> None:
    if not has_template(url):
        outbound.parse_url(url)


def _check_headers(headers: Mapping[str, str]) -> None:
    check_names(headers)
    for name, value in headers.items():
        outbound.check_header(name, "" if has_template(value) else value)
