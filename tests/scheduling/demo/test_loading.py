"""The demo company comes once, whole, through the services."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials.models import ClientSecret, Rotation
from identities.discovery.models import ImportRun
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.demo import estate, exports, importing, loading, past_findings, plans
from scheduling.models import Schedule, ScheduleRun, Workflow
from scheduling.services import workflows

pytestmark = pytest.mark.django_db(transaction=True)
#: What it asks of the database makes it slow, and is the same on every machine: 4,727 take 5 s on one of two cores.
MOST_STATEMENTS = 6_000


@pytest.fixture(autouse=True)
def ground(settings: Any) -> None:
    settings.PASSPORT_URL = "http://127.0.0.1:8000"
    tokens.ensure_signing_key()
    vaults.ensure_default()


def _demo() -> Tenant:
    return Tenant.objects.get(slug=estate.SLUG)


def test_it_is_loaded_once_whole_and_quickly() -> None:
    asked = Counter[str]()

    def count(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        asked["statements"] += 1
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(count):
        assert loading.load() is True
    assert asked["statements"] < MOST_STATEMENTS
    names = set(ManagedIdentity.objects.filter(tenant=_demo()).values_list("name", flat=True))
    assert names >= {identity.name for identity in estate.IDENTITIES}
    wanted = {*(plan.name for plan in plans.PLANS), HEALTH_CHECK.name}
    assert set(Schedule.objects.values_list("name", flat=True)) == wanted
    assert not Schedule.objects.filter(next_run_at=None).exists()
    assert not ScheduleRun.objects.filter(schedule__name=plans.PLANS[-1].name).exists(), "its first run is a real one"
    before = AuditEvent.objects.count()
    assert loading.load() is False
    assert AuditEvent.objects.count() == before


def test_it_follows_the_portal_to_another_address_but_leaves_what_somebody_edited(settings: Any) -> None:
    loading.load()
    edited = Workflow.objects.get(key="wf-ledger-export")
    content = replace(workflows.content_of(edited), name="Our own export")
    workflows.change_workflow(edited, content=content, actor=Actor.system("somebody", edited.tenant_id))
    for port in ("9001", "9002"):
        settings.PASSPORT_URL = f"http://127.0.0.1:{port}"
        loading.load()
        moved = Workflow.objects.get(key="wf-payroll-liveness")
        assert moved.allowed_hosts == [f"127.0.0.1:{port}"]
        assert moved.nodes[0]["params"]["url"].startswith(f"http://127.0.0.1:{port}/demo/")
    assert Workflow.objects.get(key="wf-ledger-export").allowed_hosts == ["127.0.0.1:8000"]


def test_a_start_that_was_killed_half_way_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    for place, step in ((loading, "_load_workflows"), (importing, "_merge"), (past_findings, "write")):
        with monkeypatch.context() as patch:
            patch.setattr(place, step, killed)
            with pytest.raises(KeyboardInterrupt):
                loading.load()
    assert not ScheduleRun.objects.exists(), "its past comes whole or not at all"
    assert loading.load() is True
    names = list(ManagedIdentity.objects.filter(tenant=_demo()).values_list("name", flat=True))
    assert len(names) == len(set(names)) >= len(estate.IDENTITIES)
    assert ImportRun.objects.count() == len(exports.EXPORTS)
    stored = [identity for identity in estate.IDENTITIES if identity.vault_name]
    live = ClientSecret.objects.filter(identity__tenant=_demo(), revoked_at=None)
    going_on = Rotation.objects.filter(identity__tenant=_demo(), ended_at=None)
    held = Counter(live.values_list("identity__name", flat=True))
    assert {identity.name for identity in stored if not identity.retired_because} <= set(held)
    assert {name for name, count in held.items() if count > 1} == set(going_on.values_list("identity__name", flat=True))


def test_an_older_demo_is_left_as_it_is() -> None:
    older = Tenant.objects.create(name=estate.TENANT, slug=estate.SLUG, is_demo=True)
    workflow = Workflow.objects.create(tenant=older, key="wf-payroll-liveness", name="Liveness", allowed_hosts=["x"])
    schedule = Schedule(tenant=older, workflow=workflow, name=plans.PLANS[-1].name, cron_expression="* * * * *")
    schedule.timezone, schedule.managed_identity_id, schedule.secret_reference = "UTC", uuid4(), {}
    schedule.save()
    assert loading.load() is False
    assert not ManagedIdentity.objects.filter(tenant=older).exists()
    assert Schedule.objects.get(tenant=older) == schedule
