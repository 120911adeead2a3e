"""Schedules tell the rules which workflows run as one identity."""

import pytest
from django.utils import timezone

from identities.detections import services as detections
from identities.detections.models import Finding
from tests.factories import people, runs, tokens

pytestmark = pytest.mark.django_db
CODE = "NHI9-WORKLOADS"


@pytest.fixture
def tenant():
    return people.tenant()


@pytest.fixture
def identity(tenant):
    return tokens.identity(of=tenant)


def running(identity, key, **facts):
    workflow = runs.workflow(of=identity.tenant, key=key)
    return runs.schedule(running=workflow, managed_identity_id=identity.pk, **facts)


def judged(identity):
    detections.evaluate([identity.pk], at=timezone.now())
    return Finding.objects.filter(identity=identity, code=CODE, state="open").first()


def test_one_workflow_however_often_is_one_workload(identity):
    first = running(identity, "wf-pay")
    runs.schedule(running=first.workflow, managed_identity_id=identity.pk)
    assert judged(identity) is None


def test_several_workflows_of_several_teams_are_found_and_named(identity, tenant):
    for key in ("wf-pay", "wf-report"):
        running(identity, key, owner_team=people.team(of=tenant, name=f"team of {key}"))
    found = judged(identity)
    assert found is not None
    assert found.details == {"workloads": ["wf-pay", "wf-report"], "teams": ["team of wf-pay", "team of wf-report"]}
    assert found.severity == "medium"


def test_deleted_schedules_and_those_of_others_do_not_count(identity, tenant):
    running(identity, "wf-pay")
    running(identity, "wf-old", deleted_at=timezone.now(), is_enabled=False, next_run_at=None)
    running(tokens.identity(of=tenant), "wf-report")
    assert judged(identity) is None
