"""Every answer leaves a row; a no stands in the audit as well."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from audit import context
from audit.actors import Subject
from audit.models import AuditEvent
from identities.access.models import RoleBinding
from identities.access.principal import Principal
from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from identities.policies import decision_log, decisions
from identities.policies.actor_context import ActorContext
from identities.policies.guard import AccessDecision
from identities.policies.models import AuthorizationDecision, DecisionOutcome
from tests.factories import register

pytestmark = pytest.mark.django_db
ALLOW = AccessDecision(DecisionOutcome.ALLOW)
DENY = AccessDecision(DecisionOutcome.DENY, "Not at the weekend", ("weekend",))


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant(), name="payroll")


def context_of(bot: ManagedIdentity) -> ActorContext:
    return ActorContext(
        user_id=bot.client_id,
        client_id=bot.client_id,
        is_service_account=True,
        managed_identity_id=str(bot.pk),
        tenant_id=str(bot.tenant_id),
        name=bot.name,
        environment=bot.environment,
        token_issuer="https://issuer",
        token_jti="jti-1",
        token_expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )


def workflow(bot: ManagedIdentity) -> Subject:
    return Subject(kind="workflow", id="wf-payroll", label="Payroll", tenant_id=bot.tenant_id)


def test_a_refusal_of_a_run_is_a_row_and_an_audit_record(bot: ManagedIdentity) -> None:
    run_id = uuid4()
    with context.bound(correlation_id="corr-12345678", address="10.0.0.1", run_id=run_id):
        decisions.record_decision(DENY, actor=context_of(bot), resource=workflow(bot))
    row = AuthorizationDecision.objects.get()
    assert (row.outcome, row.reason, row.policy_ids, row.stage) == ("deny", "Not at the weekend", ["weekend"], "guard")
    assert (row.permission, row.resource_kind, row.resource_id) == ("workflow.execute", "workflow", "wf-payroll")
    assert (row.token_issuer, row.token_jti, row.environment) == ("https://issuer", "jti-1", "production")
    assert (row.correlation_id, row.address, row.run_id) == ("corr-12345678", "10.0.0.1", run_id)
    event = AuditEvent.objects.get(type="authorization.denied")
    assert (event.outcome, event.reason, event.run_id) == ("denied", "Not at the weekend", run_id)
    assert (event.actor_kind, event.actor_label, event.actor_client_id) == ("identity", "payroll", bot.client_id)
    assert event.subject_id == "wf-payroll"


def test_an_allow_of_a_run_is_a_row_at_once_and_no_audit_record(bot: ManagedIdentity) -> None:
    decisions.record_decision(ALLOW, actor=context_of(bot), resource=workflow(bot))
    assert AuthorizationDecision.objects.get().outcome == "allow"
    assert not AuditEvent.objects.filter(type="authorization.denied").exists()


def test_an_allow_marks_the_binding_that_gave_it(bot: ManagedIdentity) -> None:
    register.grant(bot, "workflow.execute")
    register.grant(bot, "run.read")
    decisions.record_decision(ALLOW, actor=context_of(bot), resource=workflow(bot))
    usage.flush()
    used = RoleBinding.objects.filter(last_used_at__isnull=False).get()
    assert used.role.permissions == ["workflow.execute"]


def _api(principal: Principal, *, allowed: bool) -> None:
    decisions.record_api_decision(
        principal=principal,
        permission="identity.read",
        resource_kind="identity",
        resource_id="1",
        allowed=allowed,
        reason="" if allowed else "Missing identity.read permission",
    )


def test_a_refusal_at_the_door_stands_at_once() -> None:
    reader = register.person(register.tenant())
    _api(Principal.person(reader), allowed=False)
    assert AuthorizationDecision.objects.get().actor_label == reader.email
    assert AuditEvent.objects.get(type="authorization.denied").actor_kind == "person"


def test_an_allow_at_the_door_costs_no_query_and_comes_with_the_batch(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    principal = Principal.person(register.person(register.tenant()))
    with django_assert_num_queries(0):
        for _ in range(3):
            _api(principal, allowed=True)
    assert not AuthorizationDecision.objects.exists()
    decision_log.flush()
    assert AuthorizationDecision.objects.filter(outcome="allow", stage="api").count() == 3


def test_a_full_batch_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_log, "BATCH", 2)
    principal = Principal.person(register.person(register.tenant()))
    for _ in range(3):
        _api(principal, allowed=True)
    assert AuthorizationDecision.objects.count() == 2
    decision_log.flush()


def test_a_machines_use_of_a_binding_is_marked_with_the_batch(bot: ManagedIdentity) -> None:
    register.grant(bot, "identity.read")
    _api(Principal.machine(bot, permissions=("identity.read",), role_names=()), allowed=True)
    decision_log.flush()
    usage.flush()
    assert RoleBinding.objects.get().last_used_at is not None
    assert ManagedIdentity.objects.get(pk=bot.pk).last_used_at is not None


def test_a_batch_that_failed_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    _api(Principal.person(register.person(register.tenant())), allowed=True)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("down")

    with monkeypatch.context() as broken:
        broken.setattr(type(AuthorizationDecision.objects), "bulk_create", fail, raising=False)
        with pytest.raises(RuntimeError):
            decision_log.flush()
    decision_log.flush()
    assert AuthorizationDecision.objects.count() == 1
