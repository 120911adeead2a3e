"""What a schedule reads is granted with it, ends with it, and is only asked for where a machine writes it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from audit.actors import Actor, ActorKind
from identities.access import secret_grants
from identities.access.models import GrantState, SecretGrant
from identities.errors import Invalid, Refused
from identities.vaults import services as vaults
from scheduling.models import Schedule
from scheduling.services import reading, schedules, workflows
from scheduling.services.facts import Facts
from tests.factories import runs, tokens, vaults as made

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)


def place(name):
    return {"provider": "local", "vaultUri": "local://default", "secretName": name}


@pytest.fixture
def tenant():
    vaults.ensure_default()
    return tokens.tenant()


@pytest.fixture
def bot(tenant):
    return tokens.identity(of=tenant)


def saved(bot, *, actor=SYSTEM, running=None, **more):
    workflow = running or runs.workflow(of=bot.tenant)
    values = {"workflow_id": workflow.key, "name": "nightly", "cron_expression": "0 2 * * *", "timezone": "UTC"}
    facts = Facts(**{**values, "managed_identity_id": bot.pk, "secret_reference": place("crm"), **more})
    return schedules.create_schedule(tenant_id=bot.tenant_id, facts=facts, actor=actor)


def as_machine(identity):
    return Actor(ActorKind.IDENTITY, str(identity.pk), identity.name, identity.client_id, identity.tenant_id)


def node_of(identity, name, key="call"):
    return {
        "id": key, "kind": "log", "params": {"message": "x"},
        "managedIdentityId": str(identity.pk), "secretReference": place(name),
    }  # fmt: skip


def in_force(schedule):
    found = SecretGrant.objects.effective(timezone.now()).filter(schedule_id=schedule.pk)
    return sorted((grant.identity.name, grant.secret_name) for grant in found)


def test_a_saved_schedule_may_read_what_it_names(bot):
    schedule = saved(bot)
    grant = SecretGrant.objects.get()
    assert (grant.schedule_id, grant.identity_id, grant.secret_name) == (schedule.pk, bot.pk, "crm")
    assert (grant.reason, grant.schedule_label, grant.cadence_seconds) == ("Schedule nightly", "nightly", 86400)
    assert grant.state == GrantState.GRANTED
    assert timedelta(days=364) < grant.valid_until - timezone.now() <= timedelta(days=365)


def test_its_grant_ends_with_its_identity(bot):
    bot.expires_at = timezone.now() + 10 * DAY
    bot.save()
    saved(bot)
    assert SecretGrant.objects.get().valid_until == bot.expires_at


def test_another_reference_ends_the_old_grant_and_writes_a_new_one(bot):
    schedule = saved(bot)
    before = timezone.now()
    schedules.change_schedule(schedule, changes={"secret_reference": place("erp")}, actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "erp")]
    with pytest.raises(Refused):
        secret_grants.check(bot.pk, place("crm"), schedule.pk, timezone.now())
    assert secret_grants.check(bot.pk, place("crm"), schedule.pk, timezone.now(), made_at=before), (
        "what was made before"
    )
    with pytest.raises(Refused):
        secret_grants.check(bot.pk, place("crm"), schedule.pk, timezone.now(), made_at=timezone.now())


def test_another_identity_ends_the_old_grant_as_well(bot, tenant):
    other = tokens.identity(of=tenant)
    schedule = saved(bot)
    schedules.change_schedule(schedule, changes={"managed_identity_id": str(other.pk)}, actor=SYSTEM)
    assert in_force(schedule) == [(other.name, "crm")]


def test_a_change_of_something_else_extends_nothing_and_follows_name_and_cadence(bot):
    schedule = saved(bot)
    before = SecretGrant.objects.get()
    changes = {"name": "weekly", "cron_expression": "0 2 * * 1"}
    schedules.change_schedule(schedule, changes=changes, actor=SYSTEM)
    grant = SecretGrant.objects.get()
    assert (grant.valid_until, grant.ended_at) == (before.valid_until, None)
    assert (grant.schedule_label, grant.cadence_seconds) == ("weekly", 7 * 86400)


def test_what_a_person_granted_a_schedule_beside_stays_when_it_is_saved(bot):
    schedule = saved(bot)
    until = timezone.now() + DAY
    secret_grants.grant(bot, place("erp"), schedule_id=schedule.pk, valid_until=until, reason="soon", actor=SYSTEM)
    schedules.change_schedule(schedule, changes={"name": "weekly"}, actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "crm"), (bot.name, "erp")]


def test_a_removed_schedule_reads_nothing_but_for_runs_that_were_made(bot):
    schedule = saved(bot)
    before = timezone.now()
    schedules.remove_schedule(schedule, actor=SYSTEM)
    assert in_force(schedule) == []
    assert SecretGrant.objects.get().ended_reason == "The schedule was removed"
    assert secret_grants.check(bot.pk, place("crm"), schedule.pk, timezone.now(), made_at=before)


def test_nodes_of_their_own_identity_are_granted_to_each_schedule_of_the_workflow(bot, tenant):
    other = tokens.identity(of=tenant)
    workflow = runs.workflow(of=tenant, nodes=[node_of(other, "erp")])
    schedule = saved(bot, running=workflow)
    assert in_force(schedule) == sorted([(bot.name, "crm"), (other.name, "erp")])
    content = workflows.content_of(workflow)
    moved = workflows.Content(name=content.name, nodes=[node_of(other, "hr")])
    workflows.change_workflow(workflow, content=moved, actor=SYSTEM)
    assert in_force(schedule) == sorted([(bot.name, "crm"), (other.name, "hr")])
    workflows.change_workflow(workflow, content=workflows.Content(name="w", nodes=[runs.SAY_HELLO]), actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "crm")]


def test_a_schedule_that_gets_another_workflow_reads_what_that_one_names(bot, tenant):
    other = tokens.identity(of=tenant)
    schedule = saved(bot, running=runs.workflow(of=tenant, nodes=[node_of(other, "erp")]))
    schedules.change_schedule(schedule, changes={"workflow_id": runs.workflow(of=tenant).key}, actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "crm")]


def test_a_machine_that_schedules_itself_only_asks_for_what_it_may_not_read(bot):
    schedule = saved(bot, actor=as_machine(bot))
    assert in_force(schedule) == []
    assert SecretGrant.objects.get().state == GrantState.ASKED
    schedules.change_schedule(schedule, changes={"name": "weekly"}, actor=as_machine(bot))
    assert SecretGrant.objects.count() == 1
    secret_grants.approve(SecretGrant.objects.get(), reason="fine", actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "crm")]


def test_what_a_machine_may_read_anyway_it_does_not_ask_for(bot):
    secret_grants.grant(bot, place("crm"), valid_until=timezone.now() + DAY, reason="sync", actor=SYSTEM)
    saved(bot, actor=as_machine(bot))
    assert SecretGrant.objects.count() == 1


def test_an_administrator_who_saves_what_was_asked_for_grants_it(bot):
    schedule = saved(bot, actor=as_machine(bot))
    schedules.change_schedule(schedule, changes={"name": "weekly"}, actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "crm")]
    assert not SecretGrant.objects.asked().exists()


def test_a_removed_schedule_is_no_reader(bot):
    schedule = saved(bot)
    found = reading.Schedules().find(schedule.pk, {bot.tenant_id})
    assert found.identity_ids == {bot.pk}
    assert reading.Schedules().find(schedule.pk, {tokens.tenant().pk}) is None
    schedules.remove_schedule(schedule, actor=SYSTEM)
    assert reading.Schedules().find(schedule.pk, None) is None


def test_schedules_that_were_there_before_are_granted_what_they_read(bot, tenant):
    other = tokens.identity(of=tenant)
    workflow = runs.workflow(of=tenant, nodes=[node_of(other, "erp")])
    reference = place("crm") | {"vaultUri": "LOCAL://default/"}
    schedule = runs.schedule(running=workflow, managed_identity_id=bot.pk, secret_reference=reference)
    runs.run(schedule, secret_reference=place("before"))
    runs.schedule(of=tenant)  # of an identity that nobody knows
    runs.schedule(of=tenant, managed_identity_id=bot.pk, secret_reference={"provider": "local"}, next_run_at=None)
    gone = runs.schedule(of=tenant, managed_identity_id=bot.pk, next_run_at=None, is_enabled=False)
    Schedule.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    migration = import_module("scheduling.migrations.0004_grants_of_schedules")
    for _ in range(2):
        migration.grant(apps, None)
    expected = [(bot.name, "before"), (bot.name, "crm"), (other.name, "erp")]
    assert in_force(schedule) == sorted(expected)
    assert SecretGrant.objects.count() == 3
    assert secret_grants.check(bot.pk, place("crm"), schedule.pk, timezone.now())


def test_a_schedule_of_production_names_no_other_connection(bot, tenant):
    made.connection(of=tenant, uri="local://tests", environment="staging")
    elsewhere = place("crm") | {"vaultUri": "local://tests"}
    with pytest.raises(Invalid) as refused:
        saved(bot, secret_reference=elsewhere)
    assert list(refused.value.errors) == ["secret_reference.vault_uri"]
    schedule = saved(bot)
    with pytest.raises(Invalid):
        schedules.change_schedule(schedule, changes={"secret_reference": elsewhere}, actor=SYSTEM)
    assert in_force(schedule) == [(bot.name, "crm")]
