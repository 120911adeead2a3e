"""What a preflight found stands with the identity whose problem it is, with the way to what mends it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from audit.moments import zulu
from identities.detections.facts import Foreseen
from identities.detections.forecasts.base import foreseen_of
from scheduling.forecasts import ELSEWHERE, REMEDIES
from scheduling.models import Preflight, Schedule
from scheduling.preflight.problems import Mend
from tests.factories import people, runs, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return people.tenant()


@pytest.fixture
def identity(tenant):
    return tokens.identity(of=tenant)


def problem(code: str = "secret_ends", mend: Mend = Mend.ISSUE_SECRET, **facts: Any) -> dict[str, Any]:
    kept = {"code": code, "text": "The secret ends first.", "mend": mend, "identityId": None, "node": "", "since": None}
    return kept | {"at": zulu(timezone.now() + timedelta(days=2))} | facts


def tried(identity: Any, *problems: dict[str, Any], nodes: Any = None, **facts: Any) -> Schedule:
    """A schedule of this identity, and what its preflight kept."""
    workflow = runs.workflow(of=identity.tenant, nodes=nodes)
    made = runs.schedule(running=workflow, managed_identity_id=identity.pk, **facts)
    at = timezone.now()
    Preflight.objects.create(
        schedule=made,
        checked_at=at,
        until=at + timedelta(days=7),
        occurrences=1,
        is_clear=not problems,
        problems=list(problems),
    )
    return made


def seen(*identities: Any) -> dict[UUID, list[Foreseen]]:
    return dict(foreseen_of([identity.pk for identity in identities], at=timezone.now()))


def test_what_is_clear_is_no_trouble(identity):
    tried(identity)
    assert seen(identity) == {}


@pytest.mark.parametrize(
    "facts",
    [
        {"is_enabled": False, "next_run_at": None},
        {"is_enabled": False, "next_run_at": None, "deleted_at": timezone.now()},
    ],
    ids=["paused", "deleted"],
)
def test_a_schedule_that_is_not_going_is_no_trouble(identity, facts):
    tried(identity, problem(), **facts)
    assert seen(identity) == {}


def test_nobody_is_told_of_anothers_problem(identity, tenant):
    tried(identity, problem())
    assert seen(tokens.identity(of=tenant)) == {}


def test_a_problem_is_the_schedules_identitys_and_names_the_schedule(identity):
    made = tried(identity, problem())
    (found,) = seen(identity)[identity.pk]
    assert (found.what, found.code, found.remedy, found.stops_runs) == (made.name, "secret_ends", "issue-secret", True)


def test_the_problem_of_a_step_is_that_of_the_identity_that_the_step_acts_as(identity, tenant):
    other = tokens.identity(of=tenant)
    nodes = [runs.SAY_HELLO | {"managedIdentityId": str(other.pk)}]
    tried(identity, problem(identityId=str(other.pk), node="hello"), nodes=nodes)
    assert list(seen(identity, other)) == [other.pk]
    assert seen(identity) == {}


def test_who_answers_to_nobody_is_told_so_and_still_runs(identity):
    tried(identity, problem("owner_missing", Mend.NAME_OWNER))
    (found,) = seen(identity)[identity.pk]
    assert (found.remedy, found.stops_runs) == ("edit#technical_owner", False)


def test_what_the_identitys_page_cannot_mend_leads_to_its_schedules(identity):
    tried(identity, problem("policy_refuses", Mend.EDIT_POLICY))
    (found,) = seen(identity)[identity.pk]
    assert found.remedy == ELSEWHERE


def test_a_button_that_is_named_is_a_button_of_the_identitys_page():
    from identities.admin.site import site
    from identities.inventory.models import ManagedIdentity

    there = {button.key for button in site._registry[ManagedIdentity].buttons}
    named = {remedy.partition("#")[0] for remedy in REMEDIES.values() if not remedy.startswith("tab:")}
    assert named <= there


def test_it_costs_one_query_however_many_are_asked_about(tenant, django_assert_num_queries):
    identities = [tokens.identity(of=tenant) for _ in range(3)]
    for one in identities:
        tried(one, problem())
    with django_assert_num_queries(1):
        assert len(seen(*identities)) == 3
