"""What every kind of node keeps to, whoever wrote it; and what the ones that come along do."""

import dataclasses
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from identities.policies.actor_context import ActorContext
from scheduling.nodes import outbound, params
from scheduling.nodes.base import Failure, Later, Node, NodeContext, Success
from scheduling.nodes.fail_if import FailIf
from scheduling.nodes.failures import Unreachable
from scheduling.nodes.http_call import HttpCall
from scheduling.nodes.http_client import HttpClient
from scheduling.nodes.log import Log
from scheduling.nodes.wait import Wait

pytestmark = pytest.mark.django_db  # what a kind asks of the register first is who its run acts as
AT = datetime(2026, 3, 25, 6, tzinfo=UTC)
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtaV8xIn0.c2lnbmF0dXJl"
EVERY_KIND = pytest.mark.parametrize("kind", sorted(Node.kinds))
#: The least that each kind needs; a new kind adds its line.
LEAST: dict[str, dict[str, Any]] = {
    "http_call": {"url": "https://pay.example/"},
    "log": {"message": "hello"},
    "wait": {"seconds": 0},
    "fail_if": {"value": False},
    "rotate_due": {},
    "agent_health_check": {},
}


class MemoryLog:
    def __init__(self):
        self.lines = []

    def info(self, event, **values):
        self.lines.append(("info", event, values))

    def __getattr__(self, level):
        return lambda event, **values: self.lines.append((level, event, values))


def context(*, at=AT, status=200, body=b'{"token": "echo"}', fails=None):
    def send(method, target, *, headers, body):
        if fails:
            raise fails
        return outbound.Answer(status, {"content-type": "application/json"}, answered)

    answered = body
    return NodeContext(
        actor=ActorContext(user_id="mi_1", is_service_account=True, tenant_id=str(UUID(int=1)), roles=("payroll",)),
        tenant_id=UUID(int=1),
        run_id=UUID(int=2),
        node_id="step",
        at=at,
        step_started_at=AT,
        scheduled_for=AT,
        input={"month": "2026-03"},
        log=MemoryLog(),
        http=HttpClient(
            token=TOKEN,
            allowed_hosts=["pay.example"],
            run_id=UUID(int=2),
            node_id="step",
            correlation_id="c-1",
            send=send,
        ),
    )


def made(kind, **given):
    return kind(params.build(kind.Params, given))


@EVERY_KIND
def test_a_kind_says_what_it_is_called_and_what_it_takes(kind):
    node = Node.kinds[kind]
    assert node.kind == kind
    assert node.label
    assert node.__doc__
    assert dataclasses.is_dataclass(node.Params)
    Draft202012Validator.check_schema(params.schema_of(node.Params))


@EVERY_KIND
def test_a_kind_refuses_params_it_does_not_know(kind):
    assert params.problems(Node.kinds[kind].Params, {**LEAST[kind], "nobodyKnows": 1}, with_templates=True)


@EVERY_KIND
def test_a_kind_answers_with_one_of_three_answers_and_json(kind):
    node = Node.kinds[kind]
    assert node.problems(LEAST[kind]) == []
    answer = made(node, **LEAST[kind]).execute(context())
    assert isinstance(answer, Success | Failure | Later)
    if isinstance(answer, Success):
        json.dumps(answer.payload, allow_nan=False)


@EVERY_KIND
def test_neither_answer_nor_log_holds_the_token(kind):
    given = context(body=json.dumps({"echo": TOKEN}).encode())
    answer = made(Node.kinds[kind], **LEAST[kind]).execute(given)
    assert TOKEN not in repr(answer)
    assert TOKEN not in repr(given.log.lines)
    assert TOKEN not in repr(given)


@EVERY_KIND
def test_executing_again_answers_the_same(kind):
    node = made(Node.kinds[kind], **LEAST[kind])
    assert node.execute(context()) == node.execute(context())


def test_two_kinds_of_one_name_are_refused():
    with pytest.raises(TypeError, match="log"):
        type("Other", (Node,), {"kind": "log", "label": "Other", "Params": Log.Params})


def test_http_call_hands_on_status_and_body():
    answer = made(HttpCall, url="https://pay.example/", method="POST", json={"a": 1}).execute(context(body=b'{"n": 3}'))
    assert isinstance(answer, Success)
    assert answer.payload["status"] == 200
    assert answer.payload["body"] == {"n": 3}


@pytest.mark.parametrize(
    ("status", "again"), [(302, False), (400, False), (403, False), (408, True), (429, True), (502, True)]
)
def test_http_call_fails_on_other_statuses_and_says_which(status, again):
    answer = made(HttpCall, url="https://pay.example/").execute(context(status=status))
    assert isinstance(answer, Failure)
    assert (answer.status, answer.retryable) == (status, again)
    assert str(status) in answer.reason


def test_http_call_may_be_tried_again_when_nobody_answered():
    answer = made(HttpCall, url="https://pay.example/").execute(context(fails=Unreachable("no connection")))
    assert answer == Failure(reason="no connection", retryable=True)


def test_http_call_to_a_stranger_fails_for_good():
    answer = made(HttpCall, url="https://evil.example/").execute(context())
    assert isinstance(answer, Failure)
    assert not answer.retryable
    assert "allowed hosts" in answer.reason


@pytest.mark.parametrize(
    "given",
    [
        {"url": "ftp://pay.example/"},
        {"url": "https://user@pay.example/"},
        {"url": "https://pay.example/", "headers": {"Authorization": "x"}},
        {"url": "https://pay.example/", "headers": {"X-A": "b\r\nc"}},
    ],
)
def test_http_call_says_at_save_what_can_never_be_sent(given):
    assert HttpCall.problems(given)


def test_http_call_leaves_what_is_still_a_template_for_later():
    assert HttpCall.problems({"url": "https://{{input.host}}/", "headers": {"X-A": "{{input.a}}"}}) == []


def test_log_writes_what_it_is_told():
    given = context()
    made(Log, message="hello", level="warning", values={"n": 1}).execute(given)
    assert given.log.lines == [("warning", "node.log", {"message": "hello", "values": {"n": 1}})]


def test_wait_asks_to_be_called_again_until_the_time_has_passed():
    node = made(Wait, seconds=90)
    assert node.execute(context()) == Later(until=AT + timedelta(seconds=90))
    assert node.execute(context(at=AT + timedelta(seconds=89))) == Later(until=AT + timedelta(seconds=90))
    assert isinstance(node.execute(context(at=AT + timedelta(seconds=90))), Success)


@pytest.mark.parametrize(
    ("test", "value", "other", "fails"),
    [
        ("is_true", True, None, True),
        ("is_true", 0, None, False),
        ("is_empty", [], None, True),
        ("is_empty", 0, None, False),
        ("equals", 1, 1.0, True),
        ("equals", True, 1, False),
        ("not_equals", True, 1, True),
        ("not_equals", "a", "a", False),
        ("greater_than", 3, 2, True),
        ("greater_than", 2, 2, False),
        ("less_than", 1, 2, True),
        ("contains", ["a"], "a", True),
        ("contains", "abc", "d", False),
    ],
)
def test_fail_if_fails_when_the_test_is_met(test, value, other, fails):
    answer = made(FailIf, value=value, test=test, other=other, message="stop").execute(context())
    assert answer == (Failure(reason="stop") if fails else Success(payload={"checked": True}))


def test_fail_if_does_not_wave_on_what_it_cannot_compare():
    answer = made(FailIf, value="many", test="greater_than", other=3).execute(context())
    assert isinstance(answer, Failure)
    assert "cannot be compared" in answer.reason


@pytest.fixture
def documented():
    """The node of docs/how-to/add-a-node.md, as it is written there."""
    text = (Path(__file__).parents[2] / "docs/how-to/add-a-node.md").read_text()
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "(Node)" in block)
    module = ModuleType("documented_node")
    sys.modules[module.__name__] = module
    try:
        exec(compile(code.replace("treasury.example.com", "pay.example"), "add-a-node.md", "exec"), module.__dict__)
        yield Node.kinds["exchange_rate"]
    finally:
        Node.kinds.pop("exchange_rate", None)
        del sys.modules[module.__name__]


def test_the_documented_node_does_what_the_page_says(documented):
    found = made(documented, currency="USD").execute(context(body=b'{"rate": 0.9}'))
    assert found == Success(payload={"rate": 0.9})
    assert isinstance(made(documented, currency="USD").execute(context(body=b'{"rate": 0}')), Failure)
    late = made(documented, currency="USD").execute(context(status=503))
    assert isinstance(late, Failure)
    assert late.retryable
    assert params.problems(documented.Params, {"currency": "dollars"}, with_templates=True)
    assert params.problems(documented.Params, {"currency": "{{input.currency}}"}, with_templates=True) == []
