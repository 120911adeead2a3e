"""What changes while a run is under way is seen before the next node, and a run is never longer than it should be."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.inventory import knocks
from identities.inventory.models import Knock
from identities.lifecycle import services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.policies.models import ResourcePolicy
from identities.tokens import services as token_services, verification
from identities.tokens.models import IssuedToken
from identities.vaults.models import LocalSecret
from scheduling import runner
from scheduling.models import RunState, RunStep, Schedule, ScheduleRun, StepState
from scheduling.runner import badges
from scheduling.services import ledger
from tests.factories import runs
from tests.scheduling.runner import receiver
from tests.scheduling.runner.receiver import Receiver
from tests.scheduling.runner.world import ADMIN, World, again, bot, outcome, reference, step, text_of_secret


@pytest.fixture
def payroll(settings) -> Iterator[Receiver]:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiver.listening() as listening:
        yield listening


@pytest.fixture
def two_calls(world: World, payroll: Receiver) -> Schedule:
    """`pay`, then `tell`; what a test puts into `payroll.before` happens while `pay` is under way."""
    return world.schedule(payroll.node("pay"), payroll.node("tell", after=["pay"]), allowed_hosts=[payroll.host])


def short_tokens(settings) -> None:
    """Tokens of three seconds: one that was minted for `pay` is too old for `tell`."""
    settings.PASSPORT_TOKEN_TTL = 3


def older(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the runner sees every token as this much older."""
    is_stale = badges.Badge.is_stale
    monkeypatch.setattr(badges.Badge, "is_stale", lambda badge, at: is_stale(badge, at + timedelta(seconds=seconds)))


def test_an_identity_disabled_in_the_middle_is_refused_before_the_next_node(world: World, payroll, two_calls):
    payroll.before = lambda _: lifecycle.disable(world.payer, reason="incident", actor=ADMIN)
    run = world.fire(two_calls)
    assert outcome(run) == (RunState.REFUSED, "identity_disabled", 403)
    assert run.reason == "Managed identity 'payer' is disabled"
    assert [request.path for request in payroll.requests] == ["/pay"]
    assert step(run, "pay").state == StepState.SUCCEEDED
    assert step(run, "tell").state == StepState.REFUSED
    assert AuditEvent.objects.get(type="run.credential_failed").run_id == run.id


def test_an_identity_quarantined_in_the_middle_stops_its_run_and_its_schedule(world: World, payroll, two_calls):
    payroll.before = lambda _: quarantine(world.payer, reason="incident", actor=ADMIN)
    run = world.fire(two_calls)
    assert outcome(run) == (RunState.REFUSED, "identity_disabled", 403)
    assert run.reason == "Managed identity 'payer' is quarantined"
    assert [request.path for request in payroll.requests] == ["/pay"]
    two_calls.refresh_from_db()
    assert not two_calls.is_enabled
    stop = Quarantine.objects.get()
    assert stop.effects["said"]["runs"] == "1 run stops before the next step"
    assert [one["id"] for one in stop.evidence["scheduling"]["runs"]] == [str(run.pk)]
    knocks.flush()
    knock = Knock.objects.get()
    assert (knock.state, knock.user_agent) == ("quarantined", f"schedule {two_calls.name}")


def test_a_retired_identity_pauses_its_schedules_and_its_run_stops(world: World, payroll, two_calls):
    payroll.before = lambda _: lifecycle.retire(world.payer, reason="over", actor=ADMIN)
    run = world.fire(two_calls)
    assert run.reason == "Managed identity 'payer' is retired"
    two_calls.refresh_from_db()
    assert not two_calls.is_enabled
    assert two_calls.paused_reason == "Its managed identity was retired"


def test_a_token_of_seconds_is_renewed_before_the_next_node(world: World, payroll, two_calls, settings, monkeypatch):
    short_tokens(settings)
    payroll.before = lambda _: older(2, monkeypatch)
    run = world.fire(two_calls)
    assert outcome(run)[0] == RunState.SUCCEEDED
    first, second = payroll.tokens()
    assert first != second
    assert step(run, "pay").detail["token"]["renewed"] is False
    assert step(run, "tell").detail["token"]["renewed"] is True
    assert step(run, "tell").detail["decision"]["outcome"] == "allow"
    lives = [row.expires_at - row.issued_at for row in IssuedToken.objects.all()]
    assert lives == [timedelta(seconds=3)] * 2


def test_a_token_that_is_young_enough_is_kept(world: World, payroll, two_calls):
    world.fire(two_calls)
    first, second = payroll.tokens()
    assert first == second


def test_a_token_that_was_killed_is_not_used_again(world: World, payroll, two_calls):
    def kill(request: receiver.Request) -> None:
        if request.path == "/pay":
            token_services.kill_tokens(world.payer, actor=ADMIN, reason="rotation of everything")
            # What is minted in the very second of the kill is dead as well; the next second's token lives.
            time.sleep(1 - time.time() % 1)

    payroll.before = kill
    run = world.fire(two_calls)
    assert outcome(run)[0] == RunState.SUCCEEDED
    first, second = payroll.tokens()
    assert first != second
    assert step(run, "tell").detail["token"]["renewed"] is True


def test_a_secret_gone_in_the_middle_fails_the_run_at_the_next_renewal(
    world: World, payroll, two_calls, settings, monkeypatch
):
    short_tokens(settings)

    def take_away(_: receiver.Request) -> None:
        LocalSecret.objects.all().delete()
        older(2, monkeypatch)

    payroll.before = take_away
    run = world.fire(two_calls)
    assert outcome(run) == (RunState.FAILED, "secret_unresolved", None)
    assert step(run, "tell").state == StepState.FAILED
    assert len(payroll.requests) == 1
    assert AuditEvent.objects.get(type="run.credential_failed").details["cause"] == "secret_unresolved"


def test_a_secret_revoked_in_the_middle_fails_the_run_at_the_next_renewal(
    world: World, payroll, two_calls, settings, monkeypatch
):
    short_tokens(settings)

    def revoke(_: receiver.Request) -> None:
        credentials.revoke(text_of_secret(world.payer), reason="leaked", actor=ADMIN)
        older(2, monkeypatch)

    payroll.before = revoke
    assert outcome(world.fire(two_calls)) == (RunState.FAILED, "mint_refused", 401)


def test_a_policy_tightened_in_the_middle_refuses_at_the_next_renewal(
    world: World, payroll, two_calls, settings, monkeypatch
):
    short_tokens(settings)

    def tighten(_: receiver.Request) -> None:
        text = '@id("stop") @reason("Stopped by finance") forbid(principal, action, resource);'
        workflow = two_calls.workflow
        workflow.resource_policy = ResourcePolicy.objects.create(
            tenant=world.tenant, name="stop", text=text, content_hash="0" * 64
        )
        workflow.save()
        older(2, monkeypatch)

    payroll.before = tighten
    run = world.fire(two_calls)
    assert outcome(run) == (RunState.REFUSED, "authorization_denied", 403)
    assert run.reason == "Stopped by finance"
    assert AuditEvent.objects.filter(type="authorization.denied", run_id=run.id).count() == 1


@pytest.mark.parametrize(
    ("permissions", "secret", "expected"),
    [
        (("run.read",), "auditor", (RunState.REFUSED, "authorization_denied", 403)),
        (("workflow.execute",), "nowhere", (RunState.FAILED, "secret_unresolved", None)),
        (("workflow.execute",), "payer", (RunState.FAILED, "mint_refused", 401)),
    ],
)
def test_a_nodes_own_identity_can_end_the_run_as_the_runs_own_can(world: World, payroll, permissions, secret, expected):
    auditor = bot(world.tenant, "auditor", *permissions)
    own = {"managedIdentityId": str(auditor.id), "secretReference": reference(secret), "after": ["pay"]}
    run = world.fire(world.schedule(payroll.node("pay"), payroll.node("check", **own), allowed_hosts=[payroll.host]))
    assert outcome(run) == expected
    assert [request.path for request in payroll.requests] == ["/pay"]
    assert step(run, "check").detail["identity"] == "auditor"
    event = AuditEvent.objects.get(run_id=run.id, type="run.step_finished", details__step="check")
    assert event.actor_client_id == auditor.client_id


def test_a_cancel_is_heard_before_the_next_step(world: World, payroll, two_calls):
    def cancel(_: receiver.Request) -> None:
        ScheduleRun.objects.update(cancel_requested_at=timezone.now(), cancel_reason="wrong month")

    payroll.before = cancel
    run = world.fire(two_calls)
    assert (run.state, run.code, run.reason) == (RunState.CANCELLED, "cancelled", "wrong month")
    assert len(payroll.requests) == 1
    assert not RunStep.objects.filter(run=run, name="tell").exists()


def test_a_run_past_its_deadline_ends_before_the_next_step(world: World, payroll, two_calls, settings):
    def dawdle(_: receiver.Request) -> None:
        settings.RUN_DEADLINE_SECONDS = 0

    payroll.before = dawdle
    run = world.fire(two_calls)
    assert (run.state, run.code) == (RunState.EXPIRED, "deadline_passed")
    assert len(payroll.requests) == 1


def test_a_worker_that_lost_its_run_writes_nothing_more(world: World, payroll, two_calls):
    def lose(_: receiver.Request) -> None:
        ScheduleRun.objects.update(state=RunState.DUE, lease_expires_at=None)

    payroll.before = lose
    run = world.fire(two_calls)
    assert run.state == RunState.DUE
    assert step(run, "pay").state == StepState.RUNNING
    assert not AuditEvent.objects.filter(run_id=run.id, details__step="pay").exists()


def test_a_run_whose_worker_died_goes_on_at_the_step_that_had_not_finished(world: World, payroll, two_calls):
    class Killed(BaseException):
        pass

    def die(request: receiver.Request) -> None:
        if request.path == "/tell" and len(payroll.requests) == 2:
            monkey.setattr(ledger, "hold", killed)
            monkey.setattr(ledger, "finish_run", killed)

    def killed(*args: object, **kwargs: object) -> None:
        raise Killed

    run = runs.run(two_calls)
    payroll.before = die
    with pytest.MonkeyPatch.context() as monkey, pytest.raises(Killed):
        runner.execute(run.id, worker="w1")
    assert step(run, "tell").state == StepState.RUNNING
    ScheduleRun.objects.filter(id=run.id).update(state=RunState.DUE, resumes=1)
    payroll.before = lambda _: None
    run = again(run)
    assert outcome(run)[0] == RunState.SUCCEEDED
    assert (run.attempt, run.resumes) == (1, 1)
    assert [request.path for request in payroll.requests] == ["/pay", "/tell", "/tell"]
    assert payroll.keys()[1] == payroll.keys()[2] == f"{run.id}:tell"


def test_a_wait_frees_the_worker_and_goes_on_where_it_was(world: World, payroll):
    wait = {"id": "wait", "kind": "wait", "params": {"seconds": 3600}, "after": ["pay"]}
    schedule = world.schedule(payroll.node("pay"), wait, allowed_hosts=[payroll.host])
    run = world.fire(schedule)
    assert run.state == RunState.DUE
    assert run.available_at - timezone.now() > timedelta(minutes=59)
    waiting = step(run, "wait")
    assert (waiting.state, waiting.finished_at) == (StepState.WAITING, None)
    assert AuditEvent.objects.filter(run_id=run.id, type="run.deferred").count() == 1
    RunStep.objects.filter(id=waiting.id).update(started_at=timezone.now() - timedelta(hours=1))
    run = again(run)
    assert outcome(run)[0] == RunState.SUCCEEDED
    assert (run.attempt, run.resumes) == (1, 0)
    assert len(payroll.requests) == 1


def test_each_renewal_is_a_real_token_of_the_same_identity(world: World, payroll, two_calls, settings, monkeypatch):
    short_tokens(settings)
    payroll.before = lambda _: older(2, monkeypatch)
    world.fire(two_calls)
    who = {verification.read_access_token(token).identity_id for token in payroll.tokens()}
    assert who == {world.payer.id}
