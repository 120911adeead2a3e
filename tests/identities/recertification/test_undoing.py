"""Undo: one click within 72 hours, by those whose business it is; what was decided stays written."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.errors import Conflict, Invalid, Refused
from identities.inventory.states import State
from identities.lifecycle import pausing, services as lifecycle
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant
from identities.recertification import decisions, silence, undoing
from identities.recertification.models import ItemState, RemediationState, ReviewItem
from tests.factories import register
from tests.identities.recertification import questions

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
HOUR = timedelta(hours=1)


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def admin(tenant: Tenant) -> Actor:
    return actor_of(register.person(tenant))


def silent(tenant: Tenant, **facts) -> ReviewItem:
    item = questions.item(questions.campaign(tenant), **facts)
    silence.sweep(timezone.now())
    return ReviewItem.objects.get(pk=item.pk)


def test_without_a_reason_nothing_is_undone(tenant: Tenant, admin: Actor):
    with pytest.raises(Invalid):
        undoing.undo(silent(tenant), reason=" ", actor=admin)


@pytest.mark.parametrize("kind", [ActorKind.SYSTEM, ActorKind.IDENTITY, ActorKind.SERVICE_USER])
def test_no_machine_undoes(tenant: Tenant, kind: ActorKind):
    machine = Actor(kind=kind, id=str(register.person(tenant).pk), label="x")
    with pytest.raises(Refused) as refused:
        undoing.undo(silent(tenant), reason="x", actor=machine)
    assert refused.value.code == "not_a_person"


def test_only_the_reviewer_and_those_who_govern_undo(tenant: Tenant):
    reviewer, other = (register.person(tenant, role=PortalRole.ANALYST) for _ in range(2))
    item = silent(tenant, reviewer=reviewer)
    for stranger in (other, register.person(tenant, role=PortalRole.AUDITOR), register.person(register.tenant())):
        with pytest.raises(Refused) as refused:
            undoing.undo(item, reason="x", actor=actor_of(stranger))
        assert refused.value.code == "not_yours"
    assert undoing.undo(item, reason="x", actor=actor_of(reviewer)).remediation_state == RemediationState.UNDONE


def test_after_72_hours_it_is_over(tenant: Tenant, admin: Actor):
    item = silent(tenant)
    ReviewItem.objects.filter(pk=item.pk).update(undo_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        undoing.undo(item, reason="x", actor=admin)
    assert refused.value.code == "undo_over"


def test_where_nothing_was_taken_nothing_comes_back(tenant: Tenant, admin: Actor):
    with pytest.raises(Conflict) as refused:
        undoing.undo(silent(tenant, risk_tier="low"), reason="x", actor=admin)
    assert refused.value.code == "nothing_to_undo"


def test_a_second_click_is_refused(tenant: Tenant, admin: Actor):
    item = silent(tenant)
    undoing.undo(item, reason="x", actor=admin)
    with pytest.raises(Conflict) as refused:
        undoing.undo(item, reason="x", actor=admin)
    assert refused.value.code == "already_undone"


def test_an_incident_or_the_end_stands_in_the_way(tenant: Tenant, admin: Actor):
    first, second = silent(tenant), silent(tenant)
    quarantine(first.identity, reason="x", actor=SYSTEM)
    lifecycle.retire(second.identity, reason="x", actor=SYSTEM)
    for item in (first, second):
        with pytest.raises(Conflict) as refused:
            undoing.undo(item, reason="x", actor=admin)
        assert refused.value.code == "wrong_state"


def test_what_somebody_disabled_since_stays_disabled(tenant: Tenant, admin: Actor):
    item = silent(tenant)
    lifecycle.enable(item.identity, reason="x", actor=SYSTEM)
    lifecycle.disable(item.identity, reason="for another reason", actor=SYSTEM)
    with pytest.raises(Conflict) as refused:
        undoing.undo(item, reason="x", actor=admin)
    assert refused.value.code == "changed_since"


def test_one_click_and_it_works_again_and_the_answer_stays_written(tenant: Tenant, admin: Actor):
    undone = undoing.undo(item := silent(tenant), reason="We need it", actor=admin)
    item.identity.refresh_from_db()
    assert item.identity.state == State.ACTIVE
    assert (undone.state, undone.remediation_state) == (ItemState.SILENT, RemediationState.UNDONE)
    answer = undone.decisions.get()
    assert (answer.decision, answer.undone_by, answer.undone_reason) == ("no_response", admin.label, "We need it")
    assert AuditEvent.objects.filter(subject_id=str(item.identity_id), type="review.undone").count() == 1


def test_it_does_not_vanish_but_is_asked_about_again(tenant: Tenant, admin: Actor):
    undoing.undo(item := silent(tenant), reason="x", actor=admin)
    again = ReviewItem.objects.get(identity=item.identity_id, state=ItemState.OPEN)
    assert again.campaign.is_drift
    assert again.asks == []
    assert timedelta(days=7) <= again.campaign.due_at - timezone.now() <= timedelta(days=14)


def test_roles_come_back_to_their_old_ends(tenant: Tenant, admin: Actor):
    bot, until = register.identity(tenant, risk_tier="medium"), timezone.now() + 24 * HOUR
    granted = access.grant(bot, register.role(tenant, "run.read"), valid_until=until, reason="x", actor=SYSTEM)
    item = questions.item(questions.campaign(tenant), bot, preselected=[str(granted.pk)])
    silence.sweep(timezone.now())
    undone = undoing.undo(item, reason="x", actor=admin)
    back = RoleBinding.objects.standing(timezone.now()).get(identity=bot)
    assert (back.role_id, back.valid_until) == (granted.role_id, until)
    assert "1 of 1 roles" in undone.remediation["undone"]["text"]


def test_a_pause_goes_on_as_it_was(tenant: Tenant, admin: Actor):
    bot, until = register.identity(tenant, risk_tier="high"), timezone.now() + HOUR
    pausing.pause(bot, reason="x", actor=SYSTEM, until=until)
    item = questions.item(questions.campaign(tenant), bot)
    silence.sweep(timezone.now())
    undoing.undo(item, reason="x", actor=admin)
    bot.refresh_from_db()
    assert (bot.state, bot.paused_until) == (State.PAUSED, until)


def test_what_others_took_away_is_not_given_back_by_whose_own_it_is(tenant: Tenant):
    security, owner = register.person(tenant), register.person(tenant)
    bot = register.identity(tenant, risk_tier="high", technical_owner=str(owner.pk))
    campaign = questions.campaign(tenant, reviewer_rule="security", due_at=timezone.now() + HOUR)
    item = questions.item(campaign, bot, reviewer=security)
    decisions.decide(item, decision="revoke", reason="Nobody needs it", actor=actor_of(security))
    with pytest.raises(Refused) as refused:
        undoing.undo(item, reason="I do", actor=actor_of(owner))
    assert refused.value.code == "not_your_item"
    assert undoing.undo(item, reason="A mistake", actor=actor_of(security)).remediation_state == "undone"
