"""`context.http`: the token goes to allowed hosts, by itself, and nowhere else."""

import base64
import copy
import json
import pickle
from uuid import UUID

import pytest

from scheduling.nodes import outbound
from scheduling.nodes.failures import BadUrl, HostNotAllowed
from scheduling.nodes.http_client import HttpClient

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtaV8xIn0.c2lnbmF0dXJl"
RUN = UUID(int=7)


class FakeWire:
    """Answers what it is given and keeps what it was sent."""

    def __init__(self, body=b"{}", status=200, headers=None):
        self.answer = outbound.Answer(status, headers or {"content-type": "application/json"}, body)
        self.sent = []

    def __call__(self, method, target, *, headers, body):
        self.sent.append((method, target, headers, body))
        return self.answer


def client(wire, *, hosts=("pay.example",)):
    return HttpClient(token=TOKEN, allowed_hosts=hosts, run_id=RUN, node_id="pay", correlation_id="c-1", send=wire)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://pay.example.evil.example/",
        "https://evil-pay.example/",
        "https://pay.example:8443/",
        "https://pay.example@evil.example/",
        "https://evil.example/?x=pay.example",
        "https://evil.example#pay.example",
    ],
)
def test_a_host_that_is_not_allowed_is_never_called(url):
    wire = FakeWire()
    with pytest.raises((HostNotAllowed, BadUrl)):
        client(wire).request("GET", url)
    assert wire.sent == []


def test_without_allowed_hosts_nothing_is_called():
    wire = FakeWire()
    with pytest.raises(HostNotAllowed):
        client(wire, hosts=()).request("GET", "https://pay.example/")
    assert wire.sent == []


def test_token_correlation_and_idempotency_key_are_sent_by_themselves():
    wire = FakeWire()
    client(wire).request("post", "https://Pay.example/run", json={"a": "ü"}, headers={"X-Mine": "1"})
    method, target, headers, body = wire.sent[0]
    assert (method, target.host) == ("POST", "pay.example")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["X-Correlation-ID"] == "c-1"
    assert headers["Idempotency-Key"] == f"{RUN}:pay"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Mine"] == "1"
    assert json.loads(body) == {"a": "ü"}


def test_the_key_is_the_same_each_time_the_step_is_executed_and_differs_between_its_requests():
    first, again = FakeWire(), FakeWire()
    for wire in (first, again):
        caller = client(wire)
        caller.request("POST", "https://pay.example/1")
        caller.request("POST", "https://pay.example/2")
    keys = [[sent[2]["Idempotency-Key"] for sent in wire.sent] for wire in (first, again)]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 2


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "authorization",
        "HOST",
        "Idempotency-Key",
        "X-Correlation-Id",
        "Cookie",
        "Content-Length",
        "Transfer-Encoding",
    ],
)
def test_headers_that_are_ours_cannot_be_set(name):
    wire = FakeWire()
    with pytest.raises(BadUrl):
        client(wire).request("GET", "https://pay.example/", headers={name: "x"})
    assert wire.sent == []


def test_an_echo_of_the_token_is_cut_out_of_body_and_headers():
    forms = [
        TOKEN,
        base64.b64encode(TOKEN.encode()).decode(),
        base64.urlsafe_b64encode(TOKEN.encode()).decode(),
        TOKEN.encode().hex(),
    ]
    wire = FakeWire(
        json.dumps(forms).encode(),
        headers={"content-type": "application/json", "x-echo": f"Bearer {TOKEN}", "set-cookie": "s=1"},
    )
    answer = client(wire).request("GET", "https://pay.example/")
    assert answer.body == ["[redacted]"] * 4
    assert answer.headers == {"content-type": "application/json", "x-echo": "Bearer [redacted]"}


@pytest.mark.parametrize(
    ("body", "kind", "understood"),
    [
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "application/problem+json", {"a": 1}),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b"{broken", "application/json", "{broken"),
        (b"NaN", "application/json", "NaN"),
        (b"\xff\xfe", "text/plain", "\ufffd\ufffd"),
        (b"[" * 100_000, "application/json", "[" * 100_000),
        (b"", "", ""),
    ],
)
def test_a_body_is_json_when_it_says_so_and_is_and_else_text(body, kind, understood):
    answer = client(FakeWire(body, headers={"content-type": kind})).request("GET", "https://pay.example/")
    assert answer.body == understood


@pytest.mark.parametrize(
    ("status", "is_success", "again"),
    [
        (200, True, False),
        (204, True, False),
        (302, False, False),
        (400, False, False),
        (404, False, False),
        (408, False, True),
        (429, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_only_a_servers_trouble_is_worth_trying_again(status, is_success, again):
    answer = client(FakeWire(status=status)).request("GET", "https://pay.example/")
    assert (answer.is_success, answer.is_worth_retrying) == (is_success, again)


def test_a_client_shows_and_stores_no_token():
    caller = client(FakeWire())
    assert TOKEN not in repr(caller)
    with pytest.raises(TypeError):
        pickle.dumps(caller)
    with pytest.raises(TypeError):
        copy.copy(caller)
