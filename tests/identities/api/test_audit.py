"""Routes of the audit: who sees how far, and that nothing is written there."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit import context, services as audit
from audit.models import AuditEvent
from audit.sealing import seal_pending
from identities.inventory.subjects import actor_of, subject_of
from identities.people.actors import actor_of as actor_of_user
from identities.people.models import PortalRole, Tenant, User
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def events_of(user: User, **query: str) -> list[dict[str, object]]:
    answer = register.client_of(user).get(f"/api/audit/events?{urlencode(query)}")
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, object]] = answer.json()["results"]
    return found


def test_a_reader_sees_no_audit(tenant: Tenant) -> None:
    api = register.client_of(register.person(tenant, PortalRole.READ_ONLY))
    for path in ("events", "checkpoints"):
        assert api.get(f"/api/audit/{path}").status_code == 403


def test_an_analyst_sees_what_they_did_themselves(tenant: Tenant) -> None:
    analyst = register.person(tenant, PortalRole.ANALYST)
    register.identity(tenant)
    register.identity(tenant, actor=actor_of_user(analyst), name="mine")
    assert [row["subject"] for row in events_of(analyst)] == [
        {"kind": "identity", "id": str(tenant.identities.get(name="mine").pk), "label": "mine"}
    ]


def test_what_changed_is_told_in_the_words_of_the_api(tenant: Tenant) -> None:
    admin = register.person(tenant)
    found = register.identity(tenant)
    api = register.client_of(admin)
    api.patch(f"/api/identities/{found.pk}", {"riskTier": "high", "tags": {"cost_centre": "7"}}, format="json")
    changed, made = events_of(admin, type="identity.changed")[0], events_of(admin, type="identity.created")[0]
    assert changed["changes"].keys() >= {"riskTier", "tags"}
    assert changed["changes"]["tags"]["current"] == {"cost_centre": "7"}
    assert made["details"] == {"clientId": found.client_id}


def test_an_admin_sees_the_tenant_and_an_auditor_every_one(tenant: Tenant) -> None:
    other = register.tenant()
    register.identity(tenant, name="ours")
    theirs = register.identity(other, name="theirs")
    admin, auditor = register.person(tenant), register.person(tenant, PortalRole.AUDITOR)
    assert {row["tenantId"] for row in events_of(admin)} == {str(tenant.pk)}
    assert {row["tenantId"] for row in events_of(auditor)} >= {str(tenant.pk), str(other.pk)}
    event = AuditEvent.objects.get(subject_id=str(theirs.pk))
    assert register.client_of(admin).get(f"/api/audit/events/{event.uuid}").status_code == 404
    assert register.client_of(auditor).get(f"/api/audit/events/{event.uuid}").status_code == 200
    assert register.client_of(admin).get(f"/api/audit/events?tenantId={other.pk}").status_code == 400


@pytest.mark.parametrize("method", ["post", "patch", "put", "delete"])
def test_nothing_writes_or_deletes(tenant: Tenant, method: str) -> None:
    api = register.client_of(register.person(tenant))
    assert getattr(api, method)("/api/audit/events", {}, format="json").status_code == 405


def test_an_identitys_row_names_it_twice_and_filters_apart(tenant: Tenant) -> None:
    bot = register.identity(tenant, name="payroll")
    with transaction.atomic(), context.bound(correlation_id="corr-12345678"):
        audit.record("run.started", actor=actor_of(bot), subject=subject_of(bot))
    admin = register.person(tenant)
    (row,) = events_of(admin, actorKind="identity")
    assert row["actor"] == {"kind": "identity", "id": str(bot.pk), "label": "payroll", "clientId": bot.client_id}
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    for query in (
        {"actor": bot.client_id},
        {"type": "run."},
        {"correlationId": "corr-12345678"},
        {"subject": str(bot.pk), "type": "run.started"},
        {"actorKind": "identity", "until": tomorrow},
    ):
        assert [found["id"] for found in events_of(admin, **query)] == [row["id"]]
    assert events_of(admin, since=tomorrow) == []
    assert events_of(admin, outcome="denied") == []


def test_a_number_is_null_until_it_is_sealed(tenant: Tenant) -> None:
    register.identity(tenant)
    admin = register.person(tenant)
    assert events_of(admin)[0]["seq"] is None
    seal_pending()
    sealed = events_of(admin)[0]
    assert sealed["seq"] is not None
    assert sealed["mac"]


def test_a_list_costs_one_query(tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(3):
        register.identity(tenant)
    api = register.client_of(register.person(tenant))
    with django_assert_num_queries(1):
        assert len(api.get("/api/audit/events").json()["results"]) == 3


def test_checkpoints_are_listed(tenant: Tenant) -> None:
    api = register.client_of(register.person(tenant, PortalRole.AUDITOR))
    assert api.get("/api/audit/checkpoints").status_code == 200
