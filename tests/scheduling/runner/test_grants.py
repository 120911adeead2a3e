"""What a run may read: nothing without a grant, which is asked before the vault is (S3-30), and production apart."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.access import secret_grants
from identities.access.models import SecretGrant
from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from scheduling.models import RunState
from scheduling.services import schedules
from tests.factories import runs, vaults as made
from tests.scheduling.runner.world import ADMIN, World, again, bot, outcome, reference, step

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
UNRESOLVED = (RunState.FAILED, "secret_unresolved", None)


@pytest.fixture
def others(world: World):
    """A place in which the secret of another identity rests."""
    bot(world.tenant, "stranger")
    return reference("stranger")


def unsaved(world: World, **facts):
    """A schedule that came to be without being saved, so that nothing was granted with it."""
    workflow = runs.workflow(of=world.tenant)
    return runs.schedule(running=workflow, next_run_at=None, managed_identity_id=world.payer.pk, **facts)


def test_a_run_reads_nothing_that_was_not_granted(world: World, others, monkeypatch):
    asked = []
    monkeypatch.setattr(vaults, "read_secret", lambda *args, **kwargs: asked.append(args))
    run = world.fire(unsaved(world, secret_reference=others))
    assert outcome(run) == UNRESOLVED
    assert "no grant lets this schedule or its identity read 'stranger' at local://default" in run.reason
    assert step(run, "fetch-secret").detail["cause"] == "secret_not_granted"
    assert not asked, "the vault is not even asked"


def test_a_refused_reading_is_not_tried_again(world: World, others):
    run = world.fire(unsaved(world, secret_reference=others, max_attempts=3))
    assert (outcome(run), run.attempt) == (UNRESOLVED, 1)


def test_where_its_own_secret_rests_it_reads_without_a_grant(world: World):
    run = world.fire(unsaved(world, secret_reference=reference("payer")))
    assert run.state == RunState.SUCCEEDED
    assert not SecretGrant.objects.exists()


def test_a_grant_to_the_identity_opens_it_for_each_of_its_schedules(world: World, others):
    vaults.write_secret(SecretReference.from_json(reference("copy")), "x", tenant_id=world.tenant.pk, actor=ADMIN)
    until = timezone.now() + DAY
    secret_grants.grant(world.payer, reference("copy"), valid_until=until, reason="a copy", actor=ADMIN)
    run = world.fire(unsaved(world, secret_reference=reference("copy")))
    assert run.code == "mint_refused", "it was read, and is no secret of ours"


def test_a_grant_that_was_ended_stops_the_next_reading_with_the_reason(world: World, others):
    schedule = world.schedule(secret_reference=others)
    assert world.fire(schedule).code == "mint_refused", "read, and not its own"
    secret_grants.end(SecretGrant.objects.get(), reason="one secret less", actor=ADMIN)
    run = world.fire(schedule)
    assert outcome(run) == UNRESOLVED
    assert "one secret less" in run.reason


def test_a_grant_past_its_end_stops_the_reading(world: World, others):
    schedule = world.schedule(secret_reference=others)
    SecretGrant.objects.update(valid_until=timezone.now())
    assert "the last one ended on" in world.fire(schedule).reason


def test_a_run_made_before_the_schedule_changed_reads_what_it_was_made_with(world: World, others):
    schedule = world.schedule(secret_reference=others)
    early = runs.run(schedule)
    schedules.change_schedule(schedule, changes={"secret_reference": reference("payer")}, actor=ADMIN)
    assert again(early).code == "mint_refused", "read as it was granted then"
    late = world.fire(schedule, secret_reference=others)
    assert outcome(late) == UNRESOLVED


def test_a_run_of_a_removed_schedule_is_carried_on(world: World):
    schedule = world.schedule()
    early = runs.run(schedule)
    schedules.remove_schedule(schedule, actor=ADMIN)
    assert again(early).state == RunState.SUCCEEDED


def test_a_reading_is_seen_on_the_grant(world: World):
    world.fire(world.schedule())
    usage.flush()
    grant = SecretGrant.objects.get()
    assert grant.uses == 1
    assert grant.last_used_at


def test_a_node_of_another_identity_needs_its_own_grant(world: World):
    helper = bot(world.tenant, "helper", "workflow.execute")
    bot(world.tenant, "stranger")
    node = {
        "id": "help", "kind": "log", "params": {"message": "x"},
        "managedIdentityId": str(helper.pk), "secretReference": reference("stranger"),
    }  # fmt: skip
    schedule = world.schedule(node)
    SecretGrant.objects.filter(identity=helper).delete()
    run = world.fire(schedule)
    assert outcome(run) == UNRESOLVED
    assert "The secret of 'helper'" in run.reason


def test_an_identity_that_became_production_reads_from_no_other_connection(world: World):
    made.connection(of=world.tenant, uri="local://tests", environment="staging")
    place = {"provider": "local", "vaultUri": "local://tests", "secretName": "payer"}
    ManagedIdentity.objects.filter(pk=world.payer.pk).update(environment="staging")
    schedule = world.schedule(secret_reference=place)
    ManagedIdentity.objects.filter(pk=world.payer.pk).update(environment="production")
    run = world.fire(schedule)
    assert outcome(run) == UNRESOLVED
    assert "connection for production" in run.reason
