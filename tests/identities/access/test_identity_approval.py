"""What others approved of an identity: any change asks again, and gives nothing until somebody else said yes."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import context
from audit.models import AuditEvent
from identities.access import identity_approval, selectors as roles, services as access
from identities.access.models import RoleBinding
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.errors import Invalid, Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.people.actors import actor_of
from tests.factories import people as cast, register

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=400)


class Estate:
    """A bot that its owner and security approved, and the people around it."""

    def __init__(self, tier="high"):
        self.tenant = cast.tenant()
        self.asker, self.security, self.owner = (
            cast.person(of=self.tenant, created_at=LONG_AGO, first_name=name, last_name=f"{name}son")
            for name in ("Ada", "Bela", "Cleo")
        )
        self.role = register.role(self.tenant, "run.read")
        self.bot = register.identity(
            self.tenant, name="harbour-bot", risk_tier=tier, technical_owner=self.owner, purpose="Files invoices"
        )
        access.grant(self.bot, self.role, valid_until=later(), reason="its work", actor=cast.SYSTEM)
        self.begin()

    def begin(self):
        source = ApprovalRequest.objects.create(
            tenant=self.tenant, subject_kind="identity_request", subject_id=self.bot.pk, subject_label="it",
            summary="Request", content={}, content_hash="0", risk_tier=self.bot.risk_tier,
            state=ApprovalState.APPROVED, decided_at=timezone.now(),
        )  # fmt: skip
        identity_approval.begin(self.bot, source, actor=cast.SYSTEM)

    def wider(self, by=None):
        role = register.role(self.tenant, "identity.write")
        actor = actor_of(by or self.asker)
        return access.grant(self.bot, role, valid_until=later(), reason="more", actor=actor)

    @property
    def state(self):
        return ManagedIdentity.objects.get(pk=self.bot.pk).approval_state

    @property
    def pending(self):
        return ApprovalRequest.objects.filter(subject_kind="identity", state="pending").first()

    def permissions(self):
        return roles.effective_permissions(self.bot, timezone.now())


def later():
    return timezone.now() + timedelta(days=30)


@pytest.fixture
def estate():
    return Estate()


def test_who_changed_it_does_not_approve_it(estate):
    estate.wider()
    with pytest.raises(Refused) as refused:
        approvals.approve(estate.pending, actor=actor_of(estate.asker))
    assert refused.value.code == "own_request"
    assert estate.state == "pending"


def test_a_second_hand_in_it_does_not_approve_it_either(estate):
    estate.wider()
    inventory.change(estate.bot, facts={"environment": "staging"}, actor=actor_of(estate.security))
    with pytest.raises(Refused):
        approvals.approve(estate.pending, actor=actor_of(estate.asker))
    with pytest.raises(Refused):
        approvals.approve(estate.pending, actor=actor_of(estate.security))


def test_one_person_is_not_enough_for_high_tier(estate):
    estate.wider()
    approvals.approve(estate.pending, actor=actor_of(estate.security))
    assert estate.state == "pending"
    assert estate.permissions() == {"run.read"}


def test_what_is_granted_meanwhile_gives_nothing_until_two_others_said_yes(estate):
    held = estate.wider()
    assert held.awaits_approval
    assert estate.permissions() == {"run.read"}
    approvals.approve(estate.pending, actor=actor_of(estate.security))
    approvals.approve(estate.pending, actor=actor_of(estate.owner))
    assert estate.state == "approved"
    assert estate.permissions() == {"run.read", "identity.write"}
    said = AuditEvent.objects.get(type="role_binding.approved")
    assert said.changes == {"awaits_approval": {"previous": True, "current": False}}


def test_a_no_ends_what_waited_and_leaves_it_as_it_was_approved(estate):
    held = estate.wider()
    approvals.reject(estate.pending, reason="Not needed", actor=actor_of(estate.security))
    held.refresh_from_db()
    assert held.ended_at is not None
    assert "Not needed" in held.ended_reason
    assert estate.state == "approved"
    assert estate.permissions() == {"run.read"}


def test_a_no_to_what_is_changed_already_leaves_it_pending(estate):
    inventory.change(estate.bot, facts={"environment": "staging"}, actor=actor_of(estate.asker))
    approvals.reject(estate.pending, reason="Why?", actor=actor_of(estate.security))
    assert estate.state == "pending"
    assert estate.pending is None
    inventory.change(estate.bot, facts={"environment": "production"}, actor=actor_of(estate.asker))
    assert estate.state == "approved"


@pytest.mark.parametrize(
    "facts", [{"environment": "staging"}, {"customer_facing": True}, {"auth_method": "federated"}, {"risk_tier": "low"}]
)
def test_any_part_asks_again_and_changing_it_back_takes_that_back(estate, facts):
    before = {name: getattr(estate.bot, name) for name in facts}
    inventory.change(estate.bot, facts=facts, actor=actor_of(estate.asker))
    assert estate.state == "pending"
    assert estate.pending.previous_content["place"]["environment"] == "production"
    inventory.change(estate.bot, facts=before, actor=actor_of(estate.asker))
    assert estate.state == "approved"
    assert estate.pending is None


def test_lowering_the_tier_asks_at_the_tier_it_had(estate):
    inventory.change(estate.bot, facts={"risk_tier": "low"}, actor=actor_of(estate.asker))
    assert estate.pending.risk_tier == "high"
    assert estate.pending.distinct_people
    estate.bot.refresh_from_db()
    assert identity_approval.approved_tier(estate.bot) == "high"


def test_an_owner_put_in_by_who_changed_it_does_not_vote_as_the_owner(estate):
    friend = cast.person(of=estate.tenant, created_at=LONG_AGO, first_name="Dora", last_name="Dorason", role="ANALYST")
    inventory.change(estate.bot, facts={"technical_owner": friend}, actor=actor_of(estate.asker))
    with pytest.raises(Refused):
        approvals.approve(estate.pending, actor=actor_of(friend))


def test_a_wider_role_asks_of_whoever_holds_it(estate):
    access.change_role(estate.role, permissions=["run.read", "identity.write"], actor=actor_of(estate.asker))
    assert estate.state == "pending"
    assert str(estate.asker.pk) in estate.pending.involved


def test_a_rotation_asks_nothing(estate):
    from identities.credentials import services as credentials

    credentials.issue(estate.bot, actor=actor_of(estate.asker))
    assert estate.state == "approved"


def test_a_role_that_ended_by_its_own_date_is_no_change(estate):
    RoleBinding.objects.filter(identity=estate.bot).update(valid_until=timezone.now() + timedelta(seconds=1))
    identity_approval.adopt(
        ApprovalRequest.objects.filter(subject_kind="identity").get(),
        subject=subject_of(estate.bot),
        content=identity_approval.content_of(estate.bot),
        identity=estate.bot,
        actor=cast.SYSTEM,
    )
    time.sleep(1.1)
    inventory.change(estate.bot, facts={"description": "new"}, actor=actor_of(estate.asker))
    assert estate.state == "approved"


def test_an_elevation_neither_waits_nor_asks(estate):
    role = register.role(estate.tenant, "identity.write")
    held = access.grant(estate.bot, role, valid_until=later(), reason="now", actor=cast.SYSTEM, is_elevation=True)
    assert not held.awaits_approval
    assert estate.state == "approved"
    access.end_binding(held, reason="over", actor=cast.SYSTEM)
    assert estate.state == "approved"


def test_the_same_change_once_more_asks_once(estate):
    estate.wider()
    first = estate.pending.pk
    inventory.change(estate.bot, facts={"description": "new"}, actor=actor_of(estate.asker))
    assert estate.pending.pk == first


def test_a_change_of_high_tier_says_what_and_how_it_is_taken_back(estate):
    with context.bound(change=context.Change(note="More to do")), pytest.raises(Invalid) as refused:
        estate.wider()
    assert set(refused.value.errors) == {"change.rollback_plan"}
    said = context.Change(ticket="https://tickets.example.com/7", note="More to do", rollback_plan="End the role")
    with context.bound(change=said):
        estate.wider()
    asked = estate.pending
    assert (asked.ticket, asked.change_note, asked.rollback_plan) == (said.ticket, said.note, said.rollback_plan)


def test_what_nobody_approved_costs_and_asks_nothing():
    bot = register.identity(cast.tenant(), name="plain")
    role = register.role(bot.tenant, "run.read")
    with CaptureQueriesContext(connection) as seen:
        access.grant(bot, role, valid_until=later(), reason="its work", actor=cast.SYSTEM)
    assert not [query for query in seen if "identities_approvalrequest" in query["sql"]]
    assert not ApprovalRequest.objects.exists()


def test_low_tier_asks_nobody():
    estate = Estate(tier="low")
    held = estate.wider()
    assert not held.awaits_approval
    assert estate.state == "approved"


def test_retiring_takes_the_question_back(estate):
    estate.wider()
    ManagedIdentity.objects.filter(pk=estate.bot.pk).update(state=State.RETIRED)
    access.end_bindings_of(estate.bot, actor=cast.SYSTEM, reason="retired")
    assert estate.pending is None


def test_adopting_what_one_request_made_takes_no_other_change_along(estate):
    inventory.change(estate.bot, facts={"environment": "staging"}, actor=actor_of(estate.asker))
    estate.begin()
    assert estate.state == "pending"
    assert estate.pending is not None
