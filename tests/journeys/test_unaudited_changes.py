"""What is not audited does not happen, of changes after an approval alike."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import User
from scheduling.models import Schedule, Workflow
from scheduling.services import approving, schedules, workflows
from tests.factories import register, runs
from tests.identities.access.test_identity_approval import Estate
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")


def bot() -> ManagedIdentity:
    return ManagedIdentity.objects.get(name="harbour-bot")


def schedule() -> Schedule:
    return Schedule.objects.get(name="Nightly")


def pending(kind: str) -> ApprovalRequest:
    return ApprovalRequest.objects.get(subject_kind=kind, state="pending")


def person(name: str) -> Actor:
    return actor_of(User.objects.get(first_name=name))


def wider() -> object:
    until = timezone.now() + timedelta(days=1)
    role = bot().tenant.roles.exclude(bindings__identity=bot()).get()
    return access.grant(bot(), role, valid_until=until, reason="x", actor=person("Ada"))


def new_version() -> object:
    content = workflows.Content(name="Other", nodes=[runs.SAY_HELLO])
    return workflows.change_workflow(Workflow.objects.get(), content=content, actor=person("Ada"))


COMMANDS: dict[str, Callable[[], object]] = {
    "grant to an approved one": wider,
    "approve as security": lambda: approvals.approve(pending("identity"), actor=person("Bela")),
    "approve as owner": lambda: approvals.approve(pending("identity"), actor=person("Cleo")),
    "another version of what it runs": new_version,
    "a schedule that needs others": lambda: schedules.change_schedule(
        schedule(), changes={"cron_expression": "0 4 * * *"}, actor=person("Ada")
    ),
    "say no to it": lambda: approvals.reject(pending("schedule"), reason="x", actor=person("Bela")),
    "ask for it again": lambda: approving.ask_again(schedule(), actor=person("Ada")),
    "another purpose": lambda: inventory.change(bot(), facts={"purpose": "Other"}, actor=person("Ada")),
    "another tier": lambda: inventory.change(bot(), facts={"risk_tier": "low"}, actor=person("Ada")),
}


def test_nothing_of_a_change_happens_that_the_audit_does_not_take() -> None:
    estate = Estate()
    register.role(estate.tenant, "identity.write")
    workflow = runs.workflow(of=estate.tenant)
    runs.schedule(running=workflow, name="Nightly", managed_identity_id=estate.bot.pk, next_run_at=None)
    left_behind = []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        if state() != before:
            left_behind.append(name)
        command()
    assert not left_behind
