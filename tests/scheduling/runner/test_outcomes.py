"""Everything that can say no before the first node, in the words of the contract; a run row in each case."""

import logging
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.jose.verify import BadToken
from identities.lifecycle import services as lifecycle
from identities.policies.models import AuthorizationDecision, ResourcePolicy
from identities.tokens import verification
from identities.tokens.models import IssuedToken
from scheduling import runner
from scheduling.models import RunState, ScheduleRun, StepState
from tests.factories import runs, tokens
from tests.scheduling.runner.world import ADMIN, World, again, bot, outcome, reference, step, text_of_secret

FORBID = '@id("no-march") @reason("Payroll is closed") forbid(principal, action, resource);'


def policy(world: World, text: str) -> ResourcePolicy:
    return ResourcePolicy.objects.create(tenant=world.tenant, name="payroll", text=text, content_hash="0" * 64)


def credential_failures(run: ScheduleRun) -> list[str]:
    rows = AuditEvent.objects.filter(type="run.credential_failed", run_id=run.id)
    return [row.details["cause"] for row in rows]


def error_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def test_an_unknown_identity_fails_the_run_and_is_named(world: World, caplog):
    stranger = uuid4()
    run = world.fire(world.schedule(managed_identity_id=stranger))
    assert outcome(run) == (RunState.FAILED, "identity_not_found", None)
    assert run.reason == f"Managed identity {stranger} not found"
    assert credential_failures(run) == ["identity_not_found"]
    assert any(str(stranger) in line for line in error_lines(caplog))
    assert step(run, "resolve-identity").state == StepState.FAILED


def test_another_tenants_identity_reads_like_one_that_is_not_there(world: World):
    foreign = tokens.identity(of=tokens.tenant())
    run = world.fire(world.schedule(managed_identity_id=foreign.id))
    assert outcome(run) == (RunState.FAILED, "identity_not_found", None)
    assert run.reason == f"Managed identity {foreign.id} not found"


@pytest.mark.parametrize("state", [state for state in State if state != State.ACTIVE])
def test_an_identity_that_is_not_active_is_refused_by_its_state(world: World, state, caplog):
    tokens.stop(world.payer, state)
    run = world.fire(world.schedule())
    assert outcome(run) == (RunState.REFUSED, "identity_disabled", 403)
    assert run.reason == f"Managed identity 'payer' is {state}"
    assert credential_failures(run) == ["identity_disabled"]
    assert step(run, "resolve-identity").state == StepState.REFUSED
    assert IssuedToken.objects.count() == 0
    assert len(error_lines(caplog)) == 1


def test_a_failure_of_credentials_is_seen_at_once_with_cause_identity_and_owner(world: World, caplog):
    tokens.stop(world.payer)
    run = world.fire(world.schedule())
    (line,) = error_lines(caplog)
    for word in ("run.credential_failed", "identity_disabled", "payer", world.payer.client_id, "ann@example.com"):
        assert word in line
    event = AuditEvent.objects.get(type="run.credential_failed")
    assert event.details["owner"] == "ann@example.com"
    assert (event.actor_label, event.actor_client_id) == ("payer", world.payer.client_id)
    assert event.run_id == run.id


def test_a_secret_that_is_not_in_the_vault_fails_the_run_at_once(world: World):
    run = world.fire(world.schedule(secret_reference=reference("elsewhere"), max_attempts=3))
    assert outcome(run) == (RunState.FAILED, "secret_unresolved", None)
    assert run.attempt == 1
    assert credential_failures(run) == ["secret_unresolved"]
    assert step(run, "fetch-secret").state == StepState.FAILED
    assert step(run, "fetch-secret").detail["secretName"] == "elsewhere"


@pytest.mark.parametrize(
    "bad",
    [
        {"provider": "local", "vaultUri": "local://elsewhere", "secretName": "payer"},
        {"provider": "hashicorp-vault", "vaultUri": "https://vault.example.com", "secretName": "payer"},
        {"provider": "azure-key-vault", "vaultUri": "https://v.vault.azure.net", "secretName": "payer"},
        {"provider": "local", "vaultUri": "local://default", "secretName": "../payer"},
        {"provider": "local"},
    ],
)
def test_a_reference_that_leads_nowhere_fails_the_run(world: World, bad):
    run = world.fire(world.schedule(secret_reference=bad))
    assert outcome(run)[:2] == (RunState.FAILED, "secret_unresolved")


def test_a_secret_that_was_revoked_is_refused_by_passport(world: World):
    credentials.revoke(text_of_secret(world.payer), reason="leaked", actor=ADMIN)
    run = world.fire(world.schedule(max_attempts=3))
    assert outcome(run) == (RunState.FAILED, "mint_refused", 401)
    assert run.attempt == 1
    assert "invalid_client" in run.reason
    assert credential_failures(run) == ["mint_refused"]


def test_another_identitys_secret_is_refused_by_passport(world: World):
    bot(world.tenant, "other", "workflow.execute")
    run = world.fire(world.schedule(secret_reference=reference("other")))
    assert outcome(run) == (RunState.FAILED, "mint_refused", 401)


def test_a_token_that_does_not_hold_ends_the_run(world: World):
    run = runs.run(world.schedule())
    with pytest.MonkeyPatch.context() as patch:

        def bad(text: str) -> None:
            raise BadToken("bad_signature")

        patch.setattr(verification, "verify_access_token", bad)
        assert runner.execute(run.id)
    run.refresh_from_db()
    assert outcome(run) == (RunState.FAILED, "mint_refused", None)
    assert "bad_signature" in run.reason


@pytest.mark.parametrize("reason", ["expired", "not_yet_valid"])
def test_a_fresh_token_of_another_time_is_a_clock_gone_wrong_and_no_end(world: World, reason: str):
    run = runs.run(world.schedule())
    with pytest.MonkeyPatch.context() as patch:

        def bad(text: str) -> None:
            raise BadToken(reason)

        patch.setattr(verification, "verify_access_token", bad)
        assert runner.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DUE, 1)
    assert "clock" in run.reason


def test_an_identity_without_the_permission_is_refused_with_403(world: World):
    bot(world.tenant, "idle", "run.read")
    idle = ManagedIdentity.objects.get(name="idle")
    run = world.fire(world.schedule(managed_identity_id=idle.id, secret_reference=reference("idle")))
    assert outcome(run) == (RunState.REFUSED, "authorization_denied", 403)
    assert run.reason == "Missing workflow.execute permission"
    denied = AuditEvent.objects.get(type="authorization.denied")
    assert (denied.actor_label, denied.actor_client_id) == ("idle", idle.client_id)
    assert (denied.run_id, denied.reason) == (run.id, run.reason)
    assert step(run, "guard").state == StepState.REFUSED
    assert credential_failures(run) == []


def test_a_role_nobody_knows_grants_nothing_and_breaks_nothing(world: World):
    bot(world.tenant, "odd")
    odd = ManagedIdentity.objects.get(name="odd")
    run = world.fire(world.schedule(managed_identity_id=odd.id, secret_reference=reference("odd")))
    assert outcome(run) == (RunState.REFUSED, "authorization_denied", 403)


@pytest.mark.parametrize("trigger", ["schedule", "manual"])
def test_the_workflows_policy_refuses_with_its_own_reason_however_it_was_triggered(world: World, trigger):
    run = world.fire(world.schedule(resource_policy=policy(world, FORBID)), trigger=trigger)
    assert outcome(run) == (RunState.REFUSED, "authorization_denied", 403)
    assert run.reason == "Payroll is closed"
    assert step(run, "guard").detail["policyIds"] == ["no-march"]
    decision = AuthorizationDecision.objects.get(run_id=run.id)
    assert (decision.outcome, decision.policy_ids) == ("deny", ["no-march"])


def test_a_policy_that_does_not_compile_any_more_refuses(world: World):
    run = world.fire(world.schedule(resource_policy=policy(world, "permit(")))
    assert outcome(run) == (RunState.REFUSED, "authorization_denied", 403)


def test_a_policy_may_speak_of_the_hour_in_the_schedules_zone(world: World):
    text = (
        '@id("noon") @reason("Only at one o\'clock in Berlin") forbid(principal, action, resource)'
        ' unless { context.hour == 13 && context.trigger == "schedule" };'
    )
    schedule = world.schedule(resource_policy=policy(world, text), timezone="Europe/Berlin")
    assert outcome(world.fire(schedule, scheduled_for=runs.NOON))[0] == RunState.SUCCEEDED
    assert outcome(world.fire(schedule, trigger="manual", requested_at=runs.NOON))[0] == RunState.REFUSED


def test_a_refusal_is_never_tried_again(world: World):
    run = world.fire(world.schedule(resource_policy=policy(world, FORBID), max_attempts=5))
    assert (run.state, run.attempt) == (RunState.REFUSED, 1)


def test_an_identity_disabled_by_the_command_is_refused_and_works_again_when_enabled(world: World):
    schedule = world.schedule()
    assert outcome(world.fire(schedule))[0] == RunState.SUCCEEDED
    lifecycle.disable(world.payer, reason="incident", actor=ADMIN)
    assert outcome(world.fire(schedule)) == (RunState.REFUSED, "identity_disabled", 403)
    world.payer.refresh_from_db()
    lifecycle.enable(world.payer, reason="over", actor=ADMIN)
    assert outcome(world.fire(schedule))[0] == RunState.SUCCEEDED


def test_a_token_killed_between_minting_and_reading_is_asked_for_again(world: World):
    run = runs.run(world.schedule())
    with pytest.MonkeyPatch.context() as patch:

        def killed(text: str) -> None:
            raise BadToken("revoked")

        patch.setattr(verification, "verify_access_token", killed)
        assert runner.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.reason) == (RunState.DUE, 1, "The identity was stopped a moment ago")
    assert again(run).state == RunState.SUCCEEDED
