"""A run whose schedule waits for others' word ends refused, with a row, before its secret is fetched."""

from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest
from scheduling.models import RunState, RunStep, Schedule
from scheduling.services import approving
from tests.scheduling.runner.world import World, outcome


def high(world: World, state: str, approved_hash: str = "") -> Schedule:
    ManagedIdentity.objects.filter(pk=world.payer.pk).update(risk_tier="high")
    schedule = world.schedule()
    Schedule.objects.filter(pk=schedule.pk).update(approval_state=state, approved_hash=approved_hash)
    return Schedule.objects.select_related("workflow__resource_policy").get(pk=schedule.pk)


def test_what_waits_is_refused_with_a_plain_reason_and_no_secret_is_read(world: World):
    run = world.fire(high(world, "pending"))
    assert outcome(run) == (RunState.REFUSED, "approval_pending", 403)
    assert run.reason == approving.WAITS
    assert not RunStep.objects.filter(run=run, name="fetch-secret").exists()


def test_what_was_approved_as_something_else_is_refused(world: World):
    run = world.fire(high(world, "approved", "0" * 64))
    assert outcome(run) == (RunState.REFUSED, "approval_pending", 403)
    assert run.reason == approving.CHANGED


def test_what_was_approved_runs_and_so_does_what_needs_nobody(world: World):
    schedule = high(world, "approved")
    Schedule.objects.filter(pk=schedule.pk).update(approved_hash=digest(approving.content_of(schedule)))
    schedule.refresh_from_db()
    assert world.fire(schedule).state == RunState.SUCCEEDED
    assert world.fire(high(world, "")).state == RunState.SUCCEEDED
