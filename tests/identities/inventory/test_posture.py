"""Verdicts on the rows: judged when something changes, judged again when time does it, never twice for nothing."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.inventory import posture, services as inventory, usage
from identities.inventory.models import ManagedIdentity, TenantStandards
from identities.inventory.states import State
from identities.people.models import Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DESCRIBED: dict[str, Any] = {
    "kind": "cron_job",
    "risk_tier": "medium",
    "privilege_level": "low",
    "deprovisioning_trigger": "The payroll system is replaced.",
    "ticket": "FIN-1",
    "business_unit": "Finance",
    "application": "payroll",
}


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def owned(tenant: Tenant) -> ManagedIdentity:
    owner = register.person(tenant)
    team = register.team(tenant, owner)
    return register.identity(tenant, technical_owner=owner.email, owner_team=team.name, **DESCRIBED)


def now(identity: ManagedIdentity) -> ManagedIdentity:
    return ManagedIdentity.objects.get(pk=identity.pk)


def codes(identity: ManagedIdentity) -> set[str]:
    return {reason["code"] for reason in now(identity).triage_reasons}


def crowd(tenant: Tenant, size: int) -> list[ManagedIdentity]:
    owner = register.person(tenant)
    team = register.team(tenant, owner)
    return [
        register.identity(tenant, technical_owner=owner.email, owner_team=team.name, **DESCRIBED) for _ in range(size)
    ]


def test_a_bare_identity_stands_red_from_the_first_moment(tenant: Tenant) -> None:
    made = now(register.identity(tenant))
    assert (made.triage, made.is_orphaned, made.assessed_at is not None) == ("red", True, True)
    assert {"no_owner", "scope_unknown", "no_team", "missing_tags"} <= codes(made)


def test_a_well_described_one_is_green_from_the_first_moment(owned: ManagedIdentity) -> None:
    made = now(owned)
    assert (made.triage, made.use_state, made.is_orphaned, made.completeness) == ("green", "used", False, 100)


def test_a_change_of_facts_changes_the_verdict_at_once(owned: ManagedIdentity) -> None:
    inventory.change(owned, facts={"privilege_level": "admin", "ticket": ""}, actor=register.SYSTEM)
    assert now(owned).triage == "red"
    assert codes(owned) == {"high_privilege", "no_ticket_or_repository", "missing_tags"}


def test_retiring_ends_the_verdict(owned: ManagedIdentity) -> None:
    inventory.set_state(owned, target=State.RETIRED, reason="done", actor=register.SYSTEM)
    assert codes(owned) == {"retired"}
    assert posture.sweep(timezone.now()) == [owned.pk]
    assert posture.sweep(timezone.now() + 5000 * DAY) == []


def test_what_was_changed_is_passed_on_by_the_next_sweep_and_not_again(owned: ManagedIdentity) -> None:
    assert posture.sweep(timezone.now()) == [owned.pk]
    assert posture.sweep(timezone.now()) == []


def test_each_is_looked_at_once_a_day(owned: ManagedIdentity) -> None:
    first = timezone.now()
    assert posture.sweep(first) == [owned.pk]
    assert posture.sweep(first + DAY - timedelta(seconds=1)) == []
    assert posture.sweep(first + DAY) == [owned.pk]


def test_time_alone_makes_it_dormant_once(owned: ManagedIdentity) -> None:
    later = timezone.now() + 91 * DAY
    assert posture.sweep(later) == [owned.pk]
    assert now(owned).use_state == "dormant"
    first = now(owned).assessed_at
    assert posture.sweep(later) == []
    assert now(owned).assessed_at == first


def test_dormancy_disables_nothing(owned: ManagedIdentity) -> None:
    posture.sweep(timezone.now() + 5000 * DAY)
    assert now(owned).state == State.ACTIVE


def test_a_verdict_is_no_edit_and_no_event(owned: ManagedIdentity) -> None:
    before, events = now(owned).updated_at, AuditEvent.objects.count()
    posture.sweep(timezone.now() + 91 * DAY)
    assert (now(owned).updated_at, AuditEvent.objects.count()) == (before, events)


def test_a_dormant_identity_that_shows_itself_is_in_use_again(owned: ManagedIdentity) -> None:
    with time_machine.travel(timezone.now() + 91 * DAY, tick=False):
        posture.sweep(timezone.now())
        usage.note_identity_use(owned.pk)
        usage.flush()
        usage.forget()
    # The database's own clock says when the mark was made, so the sweep looks from now.
    assert posture.sweep(timezone.now() + 91 * DAY) == [owned.pk]
    assert now(owned).use_state == "used"
    assert "dormant" not in codes(owned)


def test_one_that_is_in_use_is_not_judged_for_each_use(owned: ManagedIdentity) -> None:
    posture.sweep(timezone.now())
    planned = now(owned).reassess_at
    usage.note_identity_use(owned.pk)
    usage.flush()
    assert now(owned).reassess_at == planned


def test_the_longest_overdue_come_first_and_no_more_than_asked(tenant: Tenant) -> None:
    made = crowd(tenant, 5)
    later = timezone.now() + 400 * DAY
    assert posture.sweep(later, limit=3) == [one.pk for one in made[:3]]
    assert posture.sweep(later, limit=3) == [one.pk for one in made[3:]]


def test_marked_rows_are_looked_at_again(owned: ManagedIdentity) -> None:
    posture.sweep(timezone.now())
    posture.mark([owned.pk])
    assert posture.sweep(timezone.now()) == [owned.pk]


def test_a_sweep_of_nothing_is_one_query(owned: ManagedIdentity) -> None:
    posture.sweep(timezone.now())
    with CaptureQueriesContext(connection) as found:
        assert posture.sweep(timezone.now()) == []
    assert len(found) == 1


def test_a_verdict_that_stands_is_not_written_again(owned: ManagedIdentity) -> None:
    posture.sweep(timezone.now())
    posture.mark([owned.pk])
    with CaptureQueriesContext(connection) as found:
        posture.sweep(timezone.now())
    [written] = [query["sql"] for query in found if " SET " in query["sql"]]
    assert "triage" not in written


@pytest.mark.parametrize("size", [4, 25])
def test_a_sweep_costs_the_same_queries_however_many_rows(tenant: Tenant, size: int) -> None:
    crowd(tenant, size)
    with CaptureQueriesContext(connection) as found:
        assert len(posture.sweep(timezone.now() + 400 * DAY)) == size
    # PostgreSQL is asked for two halves of one list in brackets.
    asked = [query for query in found if query["sql"].lstrip("(").startswith("SELECT")]
    # Whether any is due, rows, policy, our secrets, others' credentials, schedules, people, teams.
    assert len(asked) == 8, [query["sql"][:100] for query in asked]


def test_looking_at_many_writes_nothing_and_asks_three_things(tenant: Tenant) -> None:
    made = [now(one) for one in crowd(tenant, 6)]
    with CaptureQueriesContext(connection) as found:
        assert len(posture.verdicts(made, at=timezone.now())) == 6
    assert len(found) == 3


def test_each_tenant_is_judged_by_its_own_policy(tenant: Tenant) -> None:
    other = register.tenant()
    rows = [register.identity(of, auth_method="static_api_key", risk_tier="medium") for of in (tenant, other)]
    TenantStandards.objects.create(tenant=other, rules={"auth_methods": {"medium": ["federated"]}})
    posture.mark([row.pk for row in rows])
    posture.sweep(timezone.now())
    assert ["auth_method_not_allowed" in codes(row) for row in rows] == [False, True]


def test_a_secret_and_a_tier_move_the_day_of_rotation(owned: ManagedIdentity) -> None:
    secret = credentials.issue(owned, actor=register.SYSTEM).secret
    assert now(owned).rotate_by == secret.created_at + 90 * DAY
    inventory.change(owned, facts={"risk_tier": "low"}, actor=register.SYSTEM)
    assert now(owned).rotate_by == secret.created_at + 180 * DAY
