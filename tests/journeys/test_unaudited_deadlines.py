"""What is not audited does not happen, of deadlines alike: planned, reminded, passed on, drifted, silent, undone."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import Tenant, User
from identities.recertification import plans, reminding, silence, snapshots, undoing
from identities.recertification.models import CampaignPlan, ReviewCampaign, ReviewItem
from tests.factories import people, tokens
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)


def identity() -> ManagedIdentity:
    return ManagedIdentity.objects.get(name="reviewed")


def person(number: int) -> User:
    return User.objects.get(email=f"number-{number}@example.com")


def plan() -> CampaignPlan:
    return CampaignPlan.objects.get()


def item(**facts: object) -> ReviewItem:
    return ReviewItem.objects.filter(**facts).order_by("opened_at").select_related("identity", "campaign")[0]


def certify() -> object:
    until = timezone.now() + 90 * DAY
    return snapshots.certify(item(campaign__is_drift=False), actor=actor_of(person(0)), until=until)


COMMANDS: dict[str, Callable[[], object]] = {
    "plan": lambda: plans.create(
        tenant=Tenant.objects.get(name="unaudited deadlines"), name="P", scope={}, every_days=30, actor=SYSTEM
    ),
    "change the plan": lambda: plans.change(plan(), actor=SYSTEM, every_days=60),
    "launch by plan": lambda: plans.launch_due(timezone.now()),
    "remove the plan": lambda: plans.remove(plan(), actor=SYSTEM),
    "remind": lambda: reminding.remind(timezone.now() + 8 * DAY),
    "pass on": lambda: reminding.remind(timezone.now() + 13.5 * DAY),
    "certify": certify,
    "drift": lambda: inventory.change(identity(), facts={"environment": "staging"}, actor=SYSTEM),
    "come back": lambda: inventory.change(identity(), facts={"environment": "production"}, actor=SYSTEM),
    "be silent": lambda: silence.sweep(timezone.now() + 15 * DAY),
    "undo": lambda: undoing.undo(item(remediation_state="done"), reason="x", actor=actor_of(person(0))),
}


def test_nothing_of_a_deadline_happens_that_the_audit_does_not_take() -> None:
    tenant = people.tenant("unaudited deadlines")
    for number in range(2):
        people.person(of=tenant, email=f"number-{number}@example.com")
    tokens.identity(of=tenant, name="reviewed", risk_tier="high", technical_owner=person(1))
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        if differing := [table for table, rows in state().items() if rows != before[table]]:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
    assert identity().state == "active"
    assert ReviewCampaign.objects.filter(is_drift=True).exists()
