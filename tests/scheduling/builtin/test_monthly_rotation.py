"""Every tenant's monthly rotation: made once, run as itself, and refused what it may not."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import Role
from identities.credentials import by_itself, rotation_facts
from identities.credentials.models import ClientKey, ClientSecret, DeliveryStep, Rotation
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations, services as lifecycle
from identities.people.models import Tenant
from identities.vaults.failures import VaultSealed
from identities.vaults.local import LocalVault
from scheduling import runner
from scheduling.builtin import giving
from scheduling.builtin.monthly_rotation import ROTATION
from scheduling.models import RunState, Schedule, ScheduleRun, Workflow
from scheduling.services import schedules
from tests.factories import client_keys, register, runs, tokens
from tests.factories.vaulted import Vaulted, vaulted

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def schedule(passport: str, tenant: Tenant) -> Schedule:
    giving.ensure(ROTATION)
    return Schedule.objects.get(tenant=tenant)


def due_soon(bot: Vaulted) -> Vaulted:
    ClientSecret.objects.filter(pk=bot.old.pk).update(rotate_by=timezone.now() + timedelta(days=3))
    return bot


def fire(schedule: Schedule) -> ScheduleRun:
    run = runs.run(schedule)
    assert runner.execute(run.pk, worker="w1")
    run.refresh_from_db()
    return run


def outcome(run: ScheduleRun) -> dict[str, list[str]]:
    found: dict[str, list[str]] = run.steps.get(name="rotate").output["identities"]
    return found


def test_every_tenant_gets_it_once(tenant: Tenant) -> None:
    other = register.tenant()
    assert giving.ensure(ROTATION) == 2
    assert giving.ensure(ROTATION) == 0
    for one in (tenant, other):
        made = Schedule.objects.get(tenant=one)
        assert (made.name, made.is_enabled, made.is_built_in, made.workflow.is_built_in) == (
            ROTATION.name, True, True, True,
        )  # fmt: skip
        assert made.next_run_at is not None
        assert ManagedIdentity.objects.get(tenant=one).pk == made.managed_identity_id


def test_nothing_missing_costs_one_query(schedule: Schedule, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert giving.ensure(ROTATION) == 0


def test_its_identity_may_do_this_and_no_more(schedule: Schedule) -> None:
    role = Role.objects.get(bindings__identity_id=schedule.managed_identity_id)
    assert sorted(role.permissions) == ["credential.rotate", "workflow.execute"]


def test_the_tenants_administrator_answers_for_it(tenant: Tenant) -> None:
    admin = register.person(tenant)
    giving.ensure(ROTATION)
    assert ManagedIdentity.objects.get(tenant=tenant).technical_owner == admin


def test_whoever_removed_it_does_not_get_it_again(schedule: Schedule) -> None:
    schedules.remove_schedule(schedule, actor=SYSTEM)
    assert giving.ensure(ROTATION) == 0


def test_what_was_broken_off_is_finished(tenant: Tenant) -> None:
    broken = patch.object(giving.schedules, "create_schedule", side_effect=KeyboardInterrupt)
    with broken, pytest.raises(KeyboardInterrupt):
        giving.ensure(ROTATION)
    assert giving.ensure(ROTATION) == 1
    assert ManagedIdentity.objects.filter(tenant=tenant).count() == 1
    assert Workflow.objects.filter(tenant=tenant).count() == 1


def test_a_tenant_whose_vault_fails_is_asked_again(tenant: Tenant) -> None:
    with patch.object(LocalVault, "write", side_effect=VaultSealed("sealed")):
        assert giving.ensure(ROTATION) == 0
    assert giving.ensure(ROTATION) == 1


def test_it_rotates_what_is_due_and_leaves_the_rest(schedule: Schedule, tenant: Tenant) -> None:
    due, fresh, foreign = due_soon(vaulted(tenant, name="a")), vaulted(tenant, name="b"), vaulted(register.tenant())
    ClientSecret.objects.filter(pk__in=[fresh.old.pk]).update(rotate_by=timezone.now() + timedelta(days=60))
    ManagedIdentity.objects.filter(pk=fresh.identity.pk).update(rotate_by=timezone.now() + timedelta(days=60))
    due_soon(foreign)
    shown = tokens.bot(of=tenant)
    run = fire(schedule)
    assert run.state == RunState.SUCCEEDED, run.reason
    assert due.identity.name in outcome(run)["rotated"]
    assert due.rotation.delivery_step == DeliveryStep.DONE
    assert due.works
    for other in (fresh.identity, foreign.identity, shown.identity):
        assert not Rotation.objects.filter(identity=other).exists()
    event = AuditEvent.objects.filter(type="credential.rotated", subject_label__contains=due.identity.name).get()
    assert (event.actor_kind, event.actor_label) == ("identity", ROTATION.identity)


def test_its_own_secret_is_rotated_as_well_and_it_runs_on(schedule: Schedule) -> None:
    own = ManagedIdentity.objects.get(pk=schedule.managed_identity_id)
    own.secrets.update(rotate_by=timezone.now())
    assert fire(schedule).state == RunState.SUCCEEDED
    assert Rotation.objects.filter(identity=own).exists()
    assert fire(schedule).state == RunState.SUCCEEDED


def test_done_again_it_finds_nothing(schedule: Schedule, tenant: Tenant) -> None:
    due_soon(vaulted(tenant))
    assert len(outcome(fire(schedule))["rotated"]) == 1
    again = fire(schedule)
    assert again.state == RunState.SUCCEEDED
    assert outcome(again)["rotated"] == []


def test_a_vault_that_fails_does_not_keep_the_others_waiting(schedule: Schedule, tenant: Tenant) -> None:
    bad, good = due_soon(vaulted(tenant, name="bad")), due_soon(vaulted(tenant, name="good"))
    newest = LocalVault.newest

    def sealed_for_one(vault: LocalVault, reference: object, tenant_id: object) -> str:
        if getattr(reference, "secret_name", "") == "bad":
            raise VaultSealed("It is sealed")
        return newest(vault, reference, tenant_id)  # type: ignore[arg-type]

    with patch.object(LocalVault, "newest", sealed_for_one):
        run = fire(schedule)
    assert run.state == RunState.SUCCEEDED
    assert outcome(run)["rotated"] == [good.identity.name]
    assert outcome(run)["waiting"] == [f"{bad.identity.name}: It is sealed"]


def test_one_whose_consumer_failed_before_waits_for_a_person(schedule: Schedule, tenant: Tenant) -> None:
    bot = due_soon(vaulted(tenant))
    ManagedIdentity.objects.filter(pk=bot.identity.pk).update(brittle=True)
    assert outcome(fire(schedule))["left"]
    assert bot.live == 1


def test_without_the_permission_nothing_is_rotated(schedule: Schedule, tenant: Tenant) -> None:
    bot = due_soon(vaulted(tenant))
    Role.objects.filter(tenant=tenant).update(permissions=["workflow.execute"])
    run = fire(schedule)
    assert (run.state, run.status) == (RunState.FAILED, 403)
    assert "credential.rotate" in run.reason
    assert bot.live == 1


def test_a_refusal_is_said_after_all_the_others_had_their_turn(schedule: Schedule, tenant: Tenant) -> None:
    lost, good = due_soon(vaulted(tenant, name="lost")), due_soon(vaulted(tenant, name="good"))
    ClientSecret.objects.filter(pk=lost.old.pk).update(stored_at={**lost.place.as_json(), "vaultUri": "local://gone"})
    run = fire(schedule)
    assert run.state in (RunState.FAILED, RunState.DUE)
    assert lost.identity.name in run.reason
    assert good.rotation.delivery_step == DeliveryStep.DONE


def test_a_key_that_is_due_is_no_reason_to_replace_the_secret(tenant: Tenant) -> None:
    made = vaulted(tenant, name="both")
    key = client_keys.signing(of=made.identity).key
    at = timezone.now()
    ClientKey.objects.filter(pk=key.pk).update(rotate_by=at + timedelta(days=3), renewed_at=at)
    rotation_facts.refresh([made.identity.pk])
    made.identity.refresh_from_db()
    assert made.identity.rotate_by == at + timedelta(days=3)
    assert not by_itself.due(tenant.pk, before=at + timedelta(days=4), at=at)


def test_stopped_identities_and_those_being_rotated_are_not_due(tenant: Tenant) -> None:
    stopped, busy, plain = (due_soon(vaulted(tenant, name=name)) for name in "abc")
    lifecycle.disable(stopped.identity, reason="x", actor=SYSTEM)
    rotations.rotate(busy.identity, reason="x", actor=SYSTEM)
    at = timezone.now()
    assert list(by_itself.due(tenant.pk, before=at + timedelta(days=31), at=at)) == [plain.identity]
