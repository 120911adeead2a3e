"""Schedules of high-tier identities run only as others approved them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest
from identities.errors import Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.policies import services as policies
from scheduling.models import Schedule
from scheduling.services import approving, schedules, workflows
from scheduling.services.facts import Facts
from tests.factories import people as cast, register, runs

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=400)


class House:
    """A tenant with a high-tier bot, its owner, two who govern, and what a schedule needs."""

    def __init__(self, tier="high"):
        self.tenant = cast.tenant()
        self.asker, self.security, self.owner = (
            cast.person(of=self.tenant, created_at=LONG_AGO, first_name=name, last_name=f"{name}son")
            for name in ("Ada", "Bela", "Cleo")
        )
        self.bot = register.identity(self.tenant, name="ledger-bot", risk_tier=tier, technical_owner=self.owner)
        self.workflow = runs.workflow(of=self.tenant)

    def create(self, by=None, **facts):
        told: dict[str, Any] = {
            "workflow_id": self.workflow.key,
            "name": "Ledger",
            "cron_expression": "0 5 * * *",
            "timezone": "UTC",
            "managed_identity_id": self.bot.pk,
            "secret_reference": runs.REFERENCE,
        }
        actor = by or actor_of(self.asker)
        return schedules.create_schedule(tenant_id=self.tenant.pk, facts=Facts(**(told | facts)), actor=actor)

    def approve(self, schedule):
        for person in (self.security, self.owner):
            approvals.approve(pending_of(schedule), actor=actor_of(person))
        schedule.refresh_from_db()
        return schedule

    def change(self, schedule, by=None, **members):
        return schedules.change_schedule(schedule, changes=members, actor=actor_of(by or self.asker))

    def tier(self, tier, by=None):
        inventory.change(self.bot, facts={"risk_tier": tier}, actor=actor_of(by or self.asker))

    def refusal(self, schedule, **facts):
        schedule = Schedule.objects.select_related("workflow").get(pk=schedule.pk)
        run = runs.run(schedule, **facts)
        bot = ManagedIdentity.objects.get(pk=self.bot.pk)
        return approving.refusal(run, bot, timezone.now())


def pending_of(schedule):
    return ApprovalRequest.objects.filter(subject_kind="schedule", subject_id=schedule.pk, state="pending").first()


def state_of(schedule):
    return Schedule.objects.get(pk=schedule.pk).approval_state


def rule(condition):
    return f'@id("r")\n@reason("No")\nforbid (principal, action, resource) when {{ context.{condition} }};'


@pytest.fixture
def house():
    return House()


def test_who_made_it_does_not_approve_it_and_nothing_runs(house):
    made = house.create()
    assert made.approval_state == "pending"
    assert house.refusal(made) == approving.WAITS
    with pytest.raises(Refused) as refused:
        approvals.approve(pending_of(made), actor=actor_of(house.asker))
    assert refused.value.code == "own_request"


def test_two_others_let_it_run(house):
    made = house.create()
    approvals.approve(pending_of(made), actor=actor_of(house.security))
    assert house.refusal(made) == approving.WAITS
    approvals.approve(pending_of(made), actor=actor_of(house.owner))
    assert state_of(made) == "approved"
    assert house.refusal(made) == ""
    assert AuditEvent.objects.filter(type="schedule.approved", subject_id=str(made.pk)).exists()


@pytest.mark.parametrize(
    "members", [{"cron_expression": "0 6 * * *"}, {"timezone": "Europe/Oslo"}, {"input_data": {"month": 4}}]
)
def test_a_change_asks_anew_and_changing_it_back_lets_it_run(house, members):
    made = house.approve(house.create())
    before = {name: getattr(made, name) for name in members}
    house.change(made, **members)
    assert state_of(made) == "pending"
    assert pending_of(made).previous_content["cron"] == "0 5 * * *"
    assert house.refusal(made) == approving.WAITS
    house.change(made, **before)
    assert state_of(made) == "approved"
    assert pending_of(made) is None


def test_another_name_asks_nothing(house):
    made = house.approve(house.create())
    house.change(made, name="Ledger of the month")
    assert state_of(made) == "approved"


def test_a_new_version_of_its_workflow_asks_anew(house):
    made = house.approve(house.create())
    nodes = [{**runs.SAY_HELLO, "params": {"message": "other"}}]
    content = workflows.Content(name=house.workflow.name, nodes=nodes)
    workflows.change_workflow(house.workflow, content=content, actor=actor_of(house.asker))
    assert state_of(made) == "pending"
    assert str(house.asker.pk) in pending_of(made).involved


def test_a_policy_changed_elsewhere_stops_it_and_asks_without_whoever_changed_it(house):
    policy = policies.create_policy(
        tenant_id=house.tenant.pk, name="ledger", text=rule("weekday > 5"), actor=cast.SYSTEM
    )
    house.workflow.resource_policy = policy
    house.workflow.save()
    made = house.approve(house.create())
    policies.change_policy(policy, text=rule("weekday > 6"), actor=actor_of(house.security))
    assert house.refusal(made) == approving.CHANGED
    approving.catch_up(made, actor=cast.SYSTEM)
    assert state_of(made) == "pending"
    assert str(house.security.pk) in pending_of(made).involved


def test_a_run_made_while_it_was_something_else_does_not_go_once_it_is_approved(house):
    made = house.approve(house.create(input_data={"month": 3}))
    evil = {"month": 9}
    assert house.refusal(made, input_data=evil) == approving.OLD_RUN
    assert house.refusal(made, input_data={"month": 3}) == ""


def test_what_the_house_sets_up_and_lower_tiers_need_nobody(house):
    assert house.create(by=cast.SYSTEM).approval_state == ""
    assert House(tier="medium").create().approval_state == ""


def test_what_stood_before_the_tier_rose_runs_on_for_a_fortnight_unless_it_changes():
    house = House(tier="medium")
    made = house.create()
    house.tier("high")
    assert state_of(made) == "pending"
    assert house.refusal(made) == ""
    in_time = timezone.now() + approving.GRACE
    schedule = Schedule.objects.select_related("workflow").get(pk=made.pk)
    assert approving.standing_refusal(schedule, in_time + timedelta(minutes=1)) == approving.WAITS
    house.change(made, cron_expression="0 6 * * *")
    assert house.refusal(made) == approving.WAITS
    house.change(made, cron_expression="0 5 * * *")
    assert state_of(made) == "pending"
    assert house.refusal(made) == ""


def test_a_no_ends_that_time_at_once():
    house = House(tier="medium")
    made = house.create()
    house.tier("high")
    approvals.reject(pending_of(made), reason="Why at night?", actor=actor_of(house.security))
    assert house.refusal(made) == approving.WAITS
    house.change(made, name="Other")
    assert state_of(made) == "pending"


def test_who_asked_does_not_free_it_by_lowering_the_tier(house):
    made = house.create()
    house.tier("low")
    assert state_of(made) == "pending"
    assert house.refusal(made) == approving.WAITS


def test_somebody_else_lowering_the_tier_frees_it(house):
    made = house.create()
    house.tier("low", by=house.security)
    assert state_of(made) == ""
    assert pending_of(made) is None


def test_lowering_editing_and_raising_again_gives_no_fortnight(house):
    made = house.approve(house.create())
    house.tier("low")
    assert state_of(made) == ""
    house.change(made, cron_expression="* * * * *")
    house.tier("high")
    assert state_of(made) == "pending"
    assert house.refusal(made) == approving.WAITS


def test_what_came_to_be_while_the_tier_was_lowered_gets_no_fortnight(house):
    house.tier("low")
    made = house.create()
    assert made.approval_state == ""
    house.tier("high", by=house.security)
    assert state_of(made) == "pending"
    assert house.refusal(made) == approving.WAITS


def test_what_somebody_else_freed_gets_no_fortnight_when_the_tier_is_raised_again(house):
    made = house.create()
    house.tier("low", by=house.security)
    house.tier("high")
    assert house.refusal(made) == approving.WAITS


def test_it_is_put_again_after_a_no(house):
    made = house.create()
    approvals.reject(pending_of(made), reason="Not now", actor=actor_of(house.security))
    assert pending_of(made) is None
    approving.ask_again(made, actor=actor_of(house.asker))
    assert pending_of(made) is not None


def test_removing_it_takes_the_question_back(house):
    made = house.create()
    schedules.remove_schedule(made, actor=actor_of(house.asker))
    assert pending_of(made) is None


def test_no_query_below_the_high_tier(django_assert_num_queries):
    house = House(tier="medium")
    run = runs.run(Schedule.objects.select_related("workflow").get(pk=house.create().pk))
    with django_assert_num_queries(0):
        assert approving.refusal(run, house.bot, timezone.now()) == ""
