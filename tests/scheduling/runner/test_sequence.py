"""A schedule fires and a workflow runs as a managed identity: S1-01 … S1-11, step by step."""

import logging
from uuid import UUID

import pytest
from django.db import connection

from audit.models import AuditEvent
from identities.inventory.subjects import actor_of
from identities.policies.models import AuthorizationDecision
from identities.tokens import verification
from identities.tokens.models import IssuedToken
from scheduling import runner
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.nodes.base import Node, NodeContext, Success
from tests.factories import runs, tokens
from tests.scheduling.runner import receiver
from tests.scheduling.runner.world import SAY, World, bot, outcome, reference, step, trail

PRELUDE = ["resolve-identity", "fetch-secret", "mint-token", "guard"]


@pytest.fixture
def payroll(settings):
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiver.listening() as listening:
        yield listening


def test_a_run_that_is_not_due_is_not_touched(world: World):
    run = runs.run(world.schedule(), state=RunState.SUCCEEDED)
    assert not runner.execute(run.id)
    assert RunStep.objects.count() == 0


def test_the_steps_stand_in_their_order_and_all_succeed(world: World):
    run = world.fire(world.schedule({**SAY, "id": "second", "after": ["first"]}, {**SAY, "id": "first"}))
    assert outcome(run) == (RunState.SUCCEEDED, "", None)
    rows = RunStep.objects.filter(run=run).order_by("sequence")
    assert [row.name for row in rows] == [*PRELUDE, "first", "second"]
    assert {row.state for row in rows} == {StepState.SUCCEEDED}
    assert all(row.started_at and row.finished_at and row.finished_at >= row.started_at for row in rows)


def test_each_step_shows_what_it_found(world: World):
    run = world.fire(world.schedule())
    token = IssuedToken.objects.get()
    assert step(run, "resolve-identity").detail == {"identity": "payer", "clientId": world.payer.client_id}
    assert step(run, "fetch-secret").detail == reference("payer")
    ends = token.expires_at.isoformat().replace("+00:00", "Z")
    assert step(run, "mint-token").detail == {"jti": str(token.jti), "expiresAt": ends}
    assert step(run, "guard").detail["outcome"] == "allow"
    assert step(run, "say").detail["actor"]["managedIdentityId"] == str(world.payer.id)
    assert step(run, "say").output == {"message": "paid", "values": {}}


def test_the_actor_is_the_one_the_verified_token_names(world: World):
    run = world.fire(world.schedule())
    assert run.actor == {
        "userId": world.payer.client_id,
        "isServiceAccount": True,
        "managedIdentityId": str(world.payer.id),
        "tenantId": str(world.tenant.id),
        "roles": ["payer-role"],
    }


def test_every_record_of_the_run_is_a_machines_and_its_steps_are_the_identitys(world: World):
    run = world.fire(world.schedule())
    rows = AuditEvent.objects.filter(run_id=run.id).exclude(type="run.due")
    assert {row.actor_kind for row in rows} <= {"identity", "system"}
    ours = rows.filter(type__in=["run.step_finished", "run.succeeded"])
    who = actor_of(world.payer)
    assert {(row.actor_id, row.actor_label, row.actor_client_id) for row in ours} == {
        (who.id, "payer", world.payer.client_id)
    }
    assert {row.correlation_id for row in rows} == {run.correlation_id}


def test_what_happened_can_be_read_from_the_audit_alone(world: World):
    run = world.fire(world.schedule())
    happened = [each for each in trail(run) if each[0].startswith("run.")]
    steps = [("run.step_finished", name) for name in [*PRELUDE, "say"]]
    assert happened == [("run.claimed", ""), ("run.started", ""), *steps, ("run.succeeded", "")]


def test_the_decision_is_kept_with_run_token_and_correlation_id(world: World):
    run = world.fire(world.schedule())
    decision = AuthorizationDecision.objects.get(run_id=run.id)
    assert (decision.outcome, decision.stage, decision.permission) == ("allow", "guard", "workflow.execute")
    assert decision.token_jti == str(IssuedToken.objects.get().jti)
    assert decision.correlation_id == run.correlation_id
    assert decision.resource_id == run.workflow_key


def test_the_log_says_who_triggered_each_node(world: World, caplog):
    with caplog.at_level(logging.INFO):
        world.fire(world.schedule())
    wanted = f"say triggered by {world.payer.client_id} (service account: True)"
    assert any(wanted in record.getMessage() for record in caplog.records)


def test_a_call_carries_the_identitys_token_correlation_id_and_key(world: World, payroll):
    run = world.fire(world.schedule(payroll.node(), allowed_hosts=[payroll.host]))
    assert outcome(run) == (RunState.SUCCEEDED, "", None)
    (request,) = payroll.requests
    claims = verification.verify_access_token(payroll.tokens()[0])
    assert claims.identity_id == world.payer.id
    assert request.headers["x-correlation-id"] == run.correlation_id
    assert request.headers["idempotency-key"] == f"{run.id}:pay"


def test_a_node_reads_the_input_and_what_came_before(world: World, payroll):
    payroll.body = {"sum": 12}
    pay = payroll.node()
    pay["params"]["json"] = {"month": "{{input.month}}"}
    tell = {"id": "tell", "kind": "log", "params": {"message": "{{steps.pay.body.sum}} euro"}, "after": ["pay"]}
    schedule = world.schedule(pay, tell, allowed_hosts=[payroll.host])
    run = world.fire(schedule, input_data={"month": "2026-03"})
    assert payroll.requests[0].body == {"month": "2026-03"}
    assert step(run, "tell").output["message"] == "12 euro"


def test_a_node_is_told_who_acts_and_for_whom(world: World):
    seen: list[NodeContext] = []

    class Look(Node):
        kind = "look-for-test"
        label = "Look"
        Params = type("Params", (), {"__dataclass_fields__": {}})

        def execute(self, context: NodeContext) -> Success:
            seen.append(context)
            return Success(payload={"ok": True})

    try:
        run = world.fire(world.schedule({"id": "look", "kind": "look-for-test"}), input_data={"a": 1})
    finally:
        del Node.kinds["look-for-test"]
    assert outcome(run)[0] == RunState.SUCCEEDED
    (context,) = seen
    assert (context.actor.user_id, context.actor.is_service_account) == (world.payer.client_id, True)
    assert (context.tenant_id, context.run_id, context.node_id) == (world.tenant.id, run.id, "look")
    assert context.scheduled_for == run.scheduled_for
    assert context.input == {"a": 1}


def test_a_node_of_its_own_identity_is_fetched_minted_and_guarded_for_itself(world: World, payroll):
    auditor = bot(world.tenant, "auditor", "workflow.execute")
    own = {"managedIdentityId": str(auditor.id), "secretReference": reference("auditor"), "after": ["pay"]}
    schedule = world.schedule(payroll.node("pay"), payroll.node("check", **own), allowed_hosts=[payroll.host])
    run = world.fire(schedule)
    assert outcome(run)[0] == RunState.SUCCEEDED
    carried = [verification.verify_access_token(token).identity_id for token in payroll.tokens()]
    assert carried == [world.payer.id, auditor.id]
    detail = step(run, "check").detail
    assert (detail["identity"], detail["clientId"]) == ("auditor", auditor.client_id)
    assert detail["decision"]["outcome"] == "allow"
    assert detail["secretReference"] == reference("auditor")
    assert run.actor is not None
    assert run.actor["managedIdentityId"] == str(world.payer.id)
    record = AuditEvent.objects.get(run_id=run.id, details__step="check", type="run.step_finished")
    assert record.actor_client_id == auditor.client_id
    assert AuthorizationDecision.objects.filter(run_id=run.id).count() == 2


def test_the_run_keeps_to_the_version_it_was_made_from(world: World):
    schedule = world.schedule({"id": "old", "kind": "log", "params": {"message": "old"}})
    run = runs.run(schedule)
    workflow = schedule.workflow
    workflow.nodes, workflow.version = [SAY], 2
    workflow.save()
    assert runner.execute(run.id)
    assert step(ScheduleRun.objects.get(id=run.id), "old").output["message"] == "old"


def test_a_run_by_hand_goes_the_same_way(world: World):
    run = world.fire(world.schedule(), trigger="manual", requested_by="ann@example.com")
    assert outcome(run)[0] == RunState.SUCCEEDED
    assert run.triggered_by == f"schedule:{run.schedule.name}"
    assert run.actor is not None
    assert UUID(run.actor["managedIdentityId"]) == world.payer.id


def test_a_disabled_person_stops_no_run(world: World):
    owner = tokens.person(of=world.tenant)
    schedule = world.schedule(owner=owner)
    owner.is_active = False
    owner.save()
    assert outcome(world.fire(schedule))[0] == RunState.SUCCEEDED


def test_a_run_costs_so_many_queries(world: World, django_assert_max_num_queries):
    world.fire(world.schedule())
    run = runs.run(world.schedule())
    # On PostgreSQL rows of several kinds are one statement; and the tenant is held while its runs are counted.
    with django_assert_max_num_queries(25 if connection.vendor == "postgresql" else 35):
        assert runner.execute(run.id, worker="w1")
