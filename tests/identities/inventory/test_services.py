"""Entering and changing identities: what is refused, what the defaults are, what is written down."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.access.selectors import effective_permissions, effective_roles
from identities.errors import Conflict, Invalid
from identities.inventory import selectors, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.actors import actor_of
from identities.people.models import Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"environment": "moon"}, "environment"),
        ({"purpose": None}, "purpose"),
        ({"kind": "spaceship"}, "kind"),
        ({"risk_tier": "huge"}, "risk_tier"),
        ({"state": "active"}, "state"),
        ({"client_id": "mine"}, "client_id"),
        ({"tags": "loose"}, "tags"),
        ({"tags": {"a": {"b": "c"}}}, "tags"),
        ({"rotation_interval_days": 0}, "rotation_interval_days"),
        ({"business_owner": "6b6a6d43-5b5c-4a1c-8f8f-111111111111"}, "business_owner"),
        ({"owner_team": "No such team"}, "owner_team"),
        ({"ownership_class": "vendor"}, "revocation_procedure"),
        ({"expires_at": "not a time"}, "expires_at"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tenant: Tenant, facts: dict[str, Any], member: str) -> None:
    with pytest.raises(Invalid) as refused:
        register.identity(tenant, **facts)
    assert member in refused.value.errors
    assert not ManagedIdentity.objects.exists()


def test_a_name_is_taken_once_in_a_tenant_whatever_its_case(tenant: Tenant) -> None:
    register.identity(tenant, name="Payroll")
    with pytest.raises(Invalid) as refused:
        register.identity(tenant, name="payroll")
    assert refused.value.code == "name_taken"
    assert register.identity(register.tenant(), name="Payroll").name == "Payroll"


def test_the_name_of_a_retired_identity_is_free(tenant: Tenant) -> None:
    first = register.identity(tenant, name="Payroll")
    inventory.set_state(first, target=State.RETIRED, reason="over", actor=register.SYSTEM)
    assert register.identity(tenant, name="Payroll").pk != first.pk


def test_what_is_silent_has_the_agreed_meaning(tenant: Tenant) -> None:
    made = ManagedIdentity.objects.get(pk=register.identity(tenant).pk)
    assert (made.kind, made.issuance, made.ownership_class, made.risk_tier) == (
        "workload", "portal", "workload", "medium",
    )  # fmt: skip
    assert made.is_enabled
    assert not made.has_owner
    assert made.last_used_at is None
    assert made.review_by == timezone.now().date() + timedelta(days=180)
    assert made.client_id.startswith("mi_")


def test_nothing_comes_to_it_from_its_maker_or_owner(tenant: Tenant) -> None:
    admin = register.person(tenant)
    made = register.identity(tenant, actor=actor_of(admin), business_owner=admin.email)
    assert effective_roles(made, timezone.now()) == []
    assert effective_permissions(made, timezone.now()) == frozenset()


def test_the_maker_is_not_the_owner(tenant: Tenant) -> None:
    made = register.identity(tenant, actor=actor_of(register.person(tenant)))
    assert (made.business_owner_id, made.technical_owner_id, made.deputy_owner_id) == (None, None, None)


def test_entering_is_recorded_with_its_facts(tenant: Tenant) -> None:
    made = register.identity(tenant, name="Payroll", tags={"team": "pay"})
    event = AuditEvent.objects.get(type="identity.created")
    assert (event.subject_id, event.subject_label, event.tenant_id) == (str(made.pk), "Payroll", tenant.pk)
    assert event.changes["tags"]["current"] == {"team": "pay"}
    assert event.details["client_id"] == made.client_id


def test_a_change_records_only_what_changed(tenant: Tenant) -> None:
    made = register.identity(tenant, name="Payroll")
    changed = inventory.change(made, facts={"name": "Payroll", "ticket": "OPS-1"}, actor=register.SYSTEM)
    assert changed.ticket == "OPS-1"
    assert AuditEvent.objects.get(type="identity.changed").changes == {"ticket": {"previous": "", "current": "OPS-1"}}


def test_a_change_of_nothing_records_nothing(tenant: Tenant) -> None:
    made = register.identity(tenant)
    inventory.change(made, facts={"name": made.name}, actor=register.SYSTEM)
    assert not AuditEvent.objects.filter(type="identity.changed").exists()


def test_a_refused_change_leaves_the_row(tenant: Tenant) -> None:
    made = register.identity(tenant)
    with pytest.raises(Invalid):
        inventory.change(made, facts={"ticket": "OPS-1", "environment": "moon"}, actor=register.SYSTEM)
    assert ManagedIdentity.objects.get(pk=made.pk).ticket == ""


def test_a_retired_identity_does_not_change(tenant: Tenant) -> None:
    made = register.identity(tenant)
    inventory.set_state(made, target=State.RETIRED, reason="over", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        inventory.change(made, facts={"ticket": "OPS-1"}, actor=register.SYSTEM)


def test_a_state_moves_with_a_reason_or_not_at_all(tenant: Tenant) -> None:
    made = register.identity(tenant)
    with pytest.raises(Invalid):
        inventory.set_state(made, target=State.DISABLED, reason="  ", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        inventory.set_state(made, target=State.ACTIVE, reason="again", actor=register.SYSTEM)
    assert AuditEvent.objects.exclude(type="identity.created").count() == 0


def test_a_move_is_recorded_with_its_reason(tenant: Tenant) -> None:
    made = register.identity(tenant)
    inventory.set_state(made, target=State.DISABLED, reason="Leaked", actor=register.SYSTEM)
    event = AuditEvent.objects.get(type="identity.disabled")
    assert event.reason == "Leaked"
    assert event.changes["state"] == {"previous": "active", "current": "disabled"}


def test_an_unknown_id_is_none_even_if_it_is_no_id() -> None:
    assert selectors.by_id("not an id") is None
