"""The guard: role first, then the policy, one pipeline for people and machines (S1-25…31)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identities.people.models import PortalRole, Tenant
from identities.policies import services as policies
from identities.policies.actor_context import ActorContext
from identities.policies.guard import (
    AccessDecision,
    ProcessAccessGuard,
    RunFacts,
    WorkflowFacts,
    seen_of,
)
from identities.policies.models import AuthorizationDecision, DecisionOutcome, ResourcePolicy
from tests.factories import register
from tests.identities.policies.test_engine import EVERYONE, PAYROLL, WEEKEND

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)
SUNDAY = datetime(2026, 1, 4, 12, tzinfo=UTC)
MISSING = "Missing workflow.execute permission"


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def ask(
    tenant: Tenant, *roles: str, policy: ResourcePolicy | None = None, at: datetime = MONDAY, **facts: Any
) -> AccessDecision:
    """The guard's answer to an identity of `tenant` with these role names."""
    known: dict[str, Any] = {"user_id": "mi_1", "managed_identity_id": "6b6a6d43-5b5c-4a1c-8f8f-000000000001"}
    known |= {"is_service_account": True, "client_id": "mi_1", "tenant_id": str(tenant.pk), "roles": roles}
    workflow = WorkflowFacts(id="wf", tenant_id=str(tenant.pk), name="Payroll", policy=policy)
    return ProcessAccessGuard().check_workflow_execution(
        ActorContext(**{**known, **facts}), workflow, RunFacts(trigger="schedule", at=at)
    )


def keep(tenant: Tenant, text: str) -> ResourcePolicy:
    return policies.create_policy(tenant_id=tenant.pk, name="Rules", text=text, actor=register.SYSTEM)


def test_without_a_role_the_answer_is_the_agreed_sentence(tenant: Tenant) -> None:
    assert ask(tenant) == AccessDecision(DecisionOutcome.DENY, MISSING)


def test_a_role_nobody_knows_grants_nothing_and_breaks_nothing(tenant: Tenant) -> None:
    assert ask(tenant, "no-such-role", "") == AccessDecision(DecisionOutcome.DENY, MISSING)


def test_a_role_with_other_permissions_is_not_enough(tenant: Tenant) -> None:
    reader = register.role(tenant, "schedule.read", "run.read")
    assert ask(tenant, reader.name).reason == MISSING


def test_another_tenants_role_of_that_name_is_not_ours(tenant: Tenant) -> None:
    foreign = register.role(register.tenant(), "workflow.execute")
    assert ask(tenant, foreign.name).reason == MISSING


def test_a_role_is_asked_before_the_policy(tenant: Tenant) -> None:
    assert ask(tenant, policy=keep(tenant, WEEKEND), at=SUNDAY).reason == MISSING


def test_the_policys_own_reason_is_given(tenant: Tenant) -> None:
    role = register.role(tenant, "workflow.execute")
    decision = ask(tenant, role.name, policy=keep(tenant, WEEKEND), at=SUNDAY)
    assert decision == AccessDecision(DecisionOutcome.DENY, "Not at the weekend", ("weekend",))


def test_a_permit_that_does_not_match_is_a_no(tenant: Tenant) -> None:
    role = register.role(tenant, "workflow.execute")
    assert ask(tenant, role.name, policy=keep(tenant, PAYROLL)).reason == "no rule allows it"


def test_a_policy_that_no_longer_compiles_is_a_no(tenant: Tenant) -> None:
    role = register.role(tenant, "workflow.execute")
    broken = ResourcePolicy(tenant=tenant, name="Broken", text="permit")
    decision = ask(tenant, role.name, policy=broken)
    assert (decision.is_allowed, decision.reason) == (False, "the policy could not be evaluated")


def test_a_workflow_of_another_tenant_is_not_run(tenant: Tenant) -> None:
    role = register.role(tenant, "workflow.execute")
    workflow = WorkflowFacts(id="wf", tenant_id=str(register.tenant().pk), name="Foreign")
    actor = ActorContext(
        user_id="mi_1", is_service_account=True, managed_identity_id="x", tenant_id=str(tenant.pk), roles=(role.name,)
    )
    assert (
        not ProcessAccessGuard()
        .check_workflow_execution(actor, workflow, RunFacts(trigger="manual", at=MONDAY))
        .is_allowed
    )


def test_without_a_policy_the_role_decides_alone(tenant: Tenant) -> None:
    role = register.role(tenant, "workflow.execute")
    assert ask(tenant, "unknown", role.name) == AccessDecision(DecisionOutcome.ALLOW)


def test_a_rule_speaks_of_local_time(tenant: Tenant) -> None:
    role = register.role(tenant, "workflow.execute")
    rules = keep(tenant, WEEKEND)
    late_sunday_in_utc = datetime(2026, 1, 4, 20, tzinfo=UTC)
    assert not ask(tenant, role.name, policy=rules, at=late_sunday_in_utc).is_allowed
    assert ask(tenant, role.name, policy=rules, at=late_sunday_in_utc.astimezone(ZoneInfo("Asia/Tokyo"))).is_allowed


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (PortalRole.ADMIN, True),
        (PortalRole.ANALYST, True),
        (PortalRole.AUDITOR, False),
        (PortalRole.READ_ONLY, False),
        ("payroll", False),
    ],
)
def test_a_person_goes_through_the_same_questions(tenant: Tenant, role: str, allowed: bool) -> None:
    person: dict[str, Any] = {"user_id": "u", "managed_identity_id": None, "is_service_account": False}
    assert ask(tenant, str(role), **person).is_allowed is allowed
    refused = ask(tenant, str(role), policy=_weekend(tenant), at=SUNDAY, **person)
    assert refused.reason == ("Not at the weekend" if allowed else MISSING)


def _weekend(tenant: Tenant) -> ResourcePolicy:
    return ResourcePolicy(tenant=tenant, name="Rules", text=WEEKEND)


def test_a_portal_role_name_gives_an_identity_nothing(tenant: Tenant) -> None:
    assert ask(tenant, "ADMIN").reason == MISSING


def test_asking_costs_one_query_and_writes_nothing(
    tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    role = register.role(tenant, "workflow.execute")
    rules = keep(tenant, WEEKEND + EVERYONE)
    with django_assert_num_queries(1):
        assert ask(tenant, role.name, policy=rules).is_allowed
    assert not AuthorizationDecision.objects.exists()


UNCERTIFIED = """@id("certified-only")
@reason("Nobody has certified it")
forbid (principal is Identity, action, resource)
unless { principal.certified };
"""


@pytest.mark.parametrize(
    ("certified_for", "allowed"),
    [(None, False), (timedelta(seconds=-1), False), (timedelta(hours=1), True)],
    ids=["never", "until a moment ago", "still"],
)
def test_a_rule_may_ask_for_a_certificate(tenant: Tenant, certified_for: timedelta | None, allowed: bool) -> None:
    role, rules, now = register.role(tenant, "workflow.execute"), keep(tenant, UNCERTIFIED), timezone.now()
    until = now + certified_for if certified_for is not None else None
    # A run that was due long ago and comes late is asked by what is certified now.
    for at in (now, now - timedelta(days=1)):
        decision = ask(tenant, role.name, policy=rules, at=at, certified_until=until)
        assert (decision.is_allowed, decision.reason) == (allowed, "" if allowed else "Nobody has certified it")


def test_a_certificate_that_ends_before_the_run_does_not_count_for_it(tenant: Tenant) -> None:
    role, rules, now = register.role(tenant, "workflow.execute"), keep(tenant, UNCERTIFIED), timezone.now()
    until = now + timedelta(days=1)
    assert ask(tenant, role.name, policy=rules, at=now, certified_until=until).is_allowed
    assert not ask(tenant, role.name, policy=rules, at=until, certified_until=until).is_allowed


def test_of_two_instants_a_certificate_may_hold_at_one(tenant: Tenant) -> None:
    rules, plain = keep(tenant, UNCERTIFIED), ResourcePolicy(text=PAYROLL)
    assert seen_of(rules, MONDAY) != seen_of(rules, SUNDAY)
    assert seen_of(plain, MONDAY) == seen_of(plain, SUNDAY)
