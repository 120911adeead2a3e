"""A workflow picks the identities of a trial."""

import pytest
from django.utils import timezone

from identities.programme.pilots.base import choices, identity_ids
from scheduling.models import Schedule, Workflow
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db


def of(value, tenant):
    return identity_ids("workflow", value, {tenant.pk})


def test_nobody_works_on_what_there_is_not():
    assert of("wf-none", tokens.tenant()) == frozenset()
    assert identity_ids("moon phase", "full", None) == frozenset()
    assert choices("moon phase", None) == ()


def test_those_that_schedules_run_as_and_nodes_name_work_on_it():
    bot, helper = tokens.identity(), tokens.identity()
    node = {**runs.SAY_HELLO, "managedIdentityId": str(helper.pk), "secretReference": runs.REFERENCE}
    running = runs.workflow(of=bot.tenant, key="wf-a", nodes=[node])
    runs.schedule(running=running, managed_identity_id=bot.pk)
    runs.schedule(of=bot.tenant, managed_identity_id=tokens.identity().pk)
    assert of("wf-a", bot.tenant) == {bot.pk, helper.pk}
    assert of("wf-a", tokens.tenant()) == frozenset()


def test_what_is_deleted_counts_no_more():
    bot = tokens.identity()
    running = runs.workflow(of=bot.tenant, key="wf-a")
    runs.schedule(running=running, managed_identity_id=bot.pk)
    Schedule.objects.update(deleted_at=timezone.now(), next_run_at=None)
    assert of("wf-a", bot.tenant) == frozenset()
    assert choices("workflow", {bot.tenant_id}) == [("wf-a", running.name)]
    Workflow.objects.update(deleted_at=timezone.now())
    assert choices("workflow", {bot.tenant_id}) == []
