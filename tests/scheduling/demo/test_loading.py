"""The demo company comes once, whole, through the services; and goes without taking its evidence along."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Tenant, User
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from scheduling.demo import estate, loading, plans
from scheduling.models import Schedule, ScheduleRun, Workflow
from scheduling.services import workflows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ground(settings: Any) -> None:
    settings.PASSPORT_URL = "http://127.0.0.1:8000"
    tokens.ensure_signing_key()
    vaults.ensure_default()


def _demo() -> Tenant:
    return Tenant.objects.get(slug=estate.SLUG)


def test_there_is_nothing_to_remove_before_it_was_loaded() -> None:
    with pytest.raises(CommandError, match="no demo"):
        call_command("remove_demo")


def test_it_holds_what_the_estate_says() -> None:
    assert loading.load() is True
    identities = ManagedIdentity.objects.filter(tenant=_demo())
    assert {identity.name for identity in identities} == {identity.name for identity in estate.IDENTITIES}
    assert identities.filter(state=State.DISABLED).count() == 1
    assert len(set(identities.values_list("kind", flat=True))) >= 8
    assert set(Schedule.objects.values_list("name", flat=True)) == {plan.name for plan in plans.PLANS}
    assert Schedule.objects.filter(next_run_at=None).count() == 0


def test_nobody_can_sign_in_as_a_person_of_the_demo() -> None:
    loading.load()
    assert not any(user.has_usable_password() for user in User.objects.filter(tenant=_demo()))


def test_it_is_loaded_once() -> None:
    loading.load()
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

    with monkeypatch.context() as patch:
        patch.setattr(loading, "_load_workflows", killed)
        with pytest.raises(KeyboardInterrupt):
            loading.load()
    assert loading.load() is True
    assert ManagedIdentity.objects.filter(tenant=_demo()).count() == len(estate.IDENTITIES)
    stored = [identity for identity in estate.IDENTITIES if identity.vault_name]
    assert ClientSecret.objects.filter(identity__tenant=_demo(), revoked_at=None).count() == len(stored)


def test_removing_it_stops_everything_and_keeps_the_evidence() -> None:
    loading.load()
    before = AuditEvent.objects.count()
    call_command("remove_demo")
    tenant = _demo()
    assert not ManagedIdentity.objects.filter(tenant=tenant).exclude(state=State.RETIRED).exists()
    assert not Schedule.objects.filter(tenant=tenant, deleted_at=None).exists()
    assert not ClientSecret.objects.filter(identity__tenant=tenant, revoked_at=None).exists()
    assert not ScheduleRun.objects.filter(tenant=tenant, state="due").exists()
    assert tenant.is_demo is False
    assert AuditEvent.objects.count() > before
    assert loading.load() is False, "a demo that was removed does not come back"
    with pytest.raises(CommandError, match="no demo"):
        call_command("remove_demo")
