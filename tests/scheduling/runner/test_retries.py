"""Failures that may pass are tried again, those that will not are not; an outage uses nothing up."""

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.tokens.models import IssuedToken
from identities.vaults import failures as vault_failures, services as vaults
from identities.vaults.secret_text import SecretText
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.nodes.base import Node, Success
from scheduling.runner import nodework, passport, retries
from scheduling.runner.endings import Stop, refused
from scheduling.services import limits
from tests.factories import runs
from tests.scheduling.runner import receiver
from tests.scheduling.runner.receiver import Receiver
from tests.scheduling.runner.world import World, again, outcome, step


@pytest.fixture
def payroll(settings) -> Iterator[Receiver]:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiver.listening() as listening:
        yield listening


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_client_error_is_not_tried_again(world: World, payroll, status):
    payroll.answers = [status]
    run = world.fire(world.schedule(payroll.node(), allowed_hosts=[payroll.host], max_attempts=3))
    assert outcome(run) == (RunState.FAILED, "node_failed", status)
    assert (run.attempt, len(payroll.requests)) == (1, 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again_with_the_same_key(world: World, payroll, status):
    payroll.answers = [status]
    run = world.fire(world.schedule(payroll.node(), allowed_hosts=[payroll.host], max_attempts=3, backoff_seconds=60))
    assert (run.state, run.attempt, run.code) == (RunState.DUE, 2, "node_failed")
    assert timedelta(seconds=59) < run.available_at - timezone.now() <= timedelta(seconds=75)
    run = again(run)
    assert outcome(run) == (RunState.SUCCEEDED, "", None)
    assert payroll.keys() == [f"{run.id}:pay"] * 2
    assert [step(run, "pay", attempt).state for attempt in (1, 2)] == [StepState.FAILED, StepState.SUCCEEDED]
    assert AuditEvent.objects.filter(run_id=run.id, type="run.retried").count() == 1


def test_the_last_attempt_is_the_last(world: World, payroll):
    payroll.answers = [500, 500, 500]
    run = world.fire(world.schedule(payroll.node(), allowed_hosts=[payroll.host], max_attempts=2))
    run = again(run)
    assert outcome(run) == (RunState.FAILED, "node_failed", 500)
    assert (run.attempt, len(payroll.requests)) == (2, 2)


def test_a_retry_does_not_repeat_what_was_done(world: World, payroll):
    payroll.answers = [200, 500, 200]
    schedule = world.schedule(
        payroll.node("pay"), payroll.node("tell", after=["pay"]), allowed_hosts=[payroll.host], max_attempts=2
    )
    run = again(world.fire(schedule))
    assert outcome(run)[0] == RunState.SUCCEEDED
    assert [request.path for request in payroll.requests] == ["/pay", "/tell", "/tell"]
    assert [row.attempt for row in RunStep.objects.filter(run=run, name="pay")] == [1]
    assert [row.attempt for row in RunStep.objects.filter(run=run, name="guard").order_by("attempt")] == [1, 2]


def test_a_manual_runs_moment_stays_what_it_was_over_its_retries(world: World, payroll):
    payroll.answers = [500]
    schedule = world.schedule(payroll.node(), allowed_hosts=[payroll.host], max_attempts=2)
    run = world.fire(schedule, trigger="manual", input_data={"month": "2026-03"})
    before = (run.requested_at, run.input_data)
    run = again(run)
    assert (run.requested_at, run.input_data) == before


def test_a_host_that_is_not_allowed_is_not_called_and_not_tried_again(world: World, payroll):
    run = world.fire(world.schedule(payroll.node(), allowed_hosts=["pay.example.com"], max_attempts=3))
    assert outcome(run) == (RunState.FAILED, "node_failed", None)
    assert (run.attempt, payroll.requests) == (1, [])


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"kind": "no_such"}, "no_such"),
        ({"kind": "log", "params": {"message": "{{steps.gone.x}}"}}, "steps.gone.x"),
        ({"kind": "log", "params": {"message": 5}}, "message"),
        ({"kind": "fail_if", "params": {"value": True, "message": "too much"}}, "too much"),
    ],
)
def test_a_node_that_cannot_be_carried_out_fails_the_run_and_says_why(world: World, node, words):
    run = world.fire(world.schedule({"id": "n", **node}, max_attempts=3))
    assert outcome(run) == (RunState.FAILED, "node_failed", None)
    assert words in run.reason
    assert (run.attempt, step(run, "n").state) == (1, StepState.FAILED)


@pytest.mark.parametrize(
    ("does", "words", "attempt"),
    [
        (lambda: 1 / 0, "ZeroDivisionError", 2),
        (lambda: "done", "Success, Failure or Later", 1),
        (lambda: Success(payload=_nested(100_000)), "not JSON", 1),
    ],
)
def test_a_node_that_breaks_fails_without_its_message(world: World, does, words, attempt, caplog):
    run = _fired_with(does, world)
    assert words in run.reason
    assert "division" not in caplog.text
    assert run.attempt == attempt


@pytest.mark.parametrize("letter", ["x", "ж"])
def test_a_payload_of_two_mebibytes_is_kept_and_a_larger_one_fails_for_good(world: World, letter):
    most = (nodework.MOST_PAYLOAD - 2) // len(letter.encode())
    assert _fired_with(lambda: Success(payload=letter * most), world).state == RunState.SUCCEEDED
    run = _fired_with(lambda: Success(payload=letter * (most + 1)), world)
    assert outcome(run) == (RunState.FAILED, "node_payload_too_large", None)
    assert (run.attempt, step(run, "n").output) == (1, None)
    assert letter * 3 not in run.reason


def _nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def _fired_with(does: Callable[[], Any], world: World) -> ScheduleRun:
    """A run of two attempts at most, over one plug-in's node that answers with what `does` returns."""

    class Answering(Node):
        kind = "answering-for-test"
        label = "Answering"
        Params = type("Params", (), {"__dataclass_fields__": {}})

        def execute(self, context):
            return does()

    try:
        return world.fire(world.schedule({"id": "n", "kind": "answering-for-test"}, max_attempts=2))
    finally:
        del Node.kinds["answering-for-test"]


def test_while_passport_is_away_a_run_waits_and_uses_nothing_up(world: World, settings):
    address = settings.PASSPORT_URL
    settings.PASSPORT_URL = f"http://127.0.0.1:{closed_port()}"
    run = world.fire(world.schedule())
    assert (run.state, run.attempt, run.resumes) == (RunState.DUE, 1, 0)
    assert run.reason.startswith("Passport does not answer")
    assert run.available_at - timezone.now() <= limits.LONGEST_OUTAGE_PAUSE
    assert step(run, "mint-token").state == StepState.WAITING
    for _ in range(25):
        run = again(run)
    assert (run.state, run.attempt, run.resumes) == (RunState.DUE, 1, 0)
    settings.PASSPORT_URL = address
    run = again(run)
    assert outcome(run)[0] == RunState.SUCCEEDED
    assert not AuditEvent.objects.filter(type="run.credential_failed").exists()


@pytest.mark.parametrize(("status", "retry_after"), [(500, ""), (503, "7"), (429, "3")])
def test_an_answer_of_trouble_is_an_outage(world: World, settings, status, retry_after):
    with receiver.listening() as down:
        down.answers = [status]
        settings.PASSPORT_URL = down.url
        run = world.fire(world.schedule())
    assert (run.state, run.attempt) == (RunState.DUE, 1)
    assert f"HTTP {status}" in run.reason


def test_pauses_grow_while_an_outage_lasts(world: World, settings):
    settings.PASSPORT_URL = f"http://127.0.0.1:{closed_port()}"
    run = world.fire(world.schedule())
    RunStep.objects.filter(run=run, name="mint-token").update(started_at=timezone.now() - timedelta(seconds=8))
    pause = again(run).available_at - timezone.now()
    assert timedelta(seconds=6) < pause < timedelta(seconds=10)


PASSING = pytest.mark.parametrize("error", [vault_failures.VaultUnreachable, vault_failures.VaultSealed])


def away(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise error("no route")

    monkeypatch.setattr(vaults, "read_secret", fail)


@PASSING
def test_a_vault_that_is_away_for_some_minutes_costs_a_run_nothing_but_time(world: World, monkeypatch, error):
    with monkeypatch.context() as patch:
        away(patch, error)
        run = again(world.fire(world.schedule(max_attempts=1)))
    assert (run.state, run.attempt, run.code) == (RunState.DUE, 1, "")
    assert "no route" in run.reason
    assert not IssuedToken.objects.exists()
    assert outcome(again(run))[0] == RunState.SUCCEEDED
    assert not AuditEvent.objects.filter(type="run.credential_failed").exists()


@PASSING
def test_a_vault_that_stays_away_is_asked_again_by_the_retry_policy(world: World, monkeypatch, error):
    monkeypatch.setattr(limits, "VAULT_OUTAGE", timedelta())
    with monkeypatch.context() as patch:
        away(patch, error)
        run = world.fire(world.schedule(max_attempts=2))
        assert (run.state, run.attempt, run.code) == (RunState.DUE, 2, "secret_unresolved")
        assert not AuditEvent.objects.filter(type="run.credential_failed").exists()
        over = again(ScheduleRun.objects.get(id=run.id))
    assert outcome(over) == (RunState.FAILED, "secret_unresolved", None)
    assert AuditEvent.objects.filter(type="run.credential_failed").count() == 1


def test_a_vault_that_says_no_is_not_asked_again(world: World, monkeypatch):
    def no(*args: object, **kwargs: object) -> None:
        raise vault_failures.VaultDenied("not with this credential")

    monkeypatch.setattr(vaults, "read_secret", no)
    run = world.fire(world.schedule(max_attempts=5))
    assert outcome(run) == (RunState.FAILED, "secret_unresolved", None)


def test_backoff_doubles_with_a_little_chance_up_to_an_hour():
    plain = [retries.backoff(60, attempt, chance=0).total_seconds() for attempt in range(1, 9)]
    assert plain == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert retries.backoff(60, 1, chance=1).total_seconds() == 75
    assert retries.backoff(7200, 5, chance=0).total_seconds() == 7200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "stop",
    [
        refused("identity_disabled", "no"),
        Stop("node_failed", "no"),
        Stop("node_failed", "no", status=404, may_retry=True),
    ],
)
def test_nothing_but_what_may_pass_has_a_next_attempt(stop):
    run = runs.run(runs.schedule(max_attempts=10))
    assert retries.next_attempt_at(run, stop, timezone.now()) is None


def test_passport_is_asked_as_the_contract_says(settings):
    with receiver.listening() as fake:
        fake.body = {"access_token": "abc", "token_type": "Bearer"}
        settings.PASSPORT_URL = fake.url
        token = passport.request_token("mi_1", SecretText("nhi_x"))
    (request,) = fake.requests
    assert token.reveal() == "abc"
    assert request.path == "/passport/token"
    assert request.headers["authorization"] == "Basic bWlfMTpuaGlfeA=="
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.body == "grant_type=client_credentials&scope=openid+roles"
