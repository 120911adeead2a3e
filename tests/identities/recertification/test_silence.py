"""Silence at the deadline: one consequence, once, for what nobody answered, and for nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import pausing, releases, services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole, Tenant
from identities.recertification import silence, unanswered
from identities.recertification.models import CampaignState, Decision, ItemState, RemediationState, ReviewItem
from tests.factories import register
from tests.identities.recertification import questions

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
HOUR = timedelta(hours=1)


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def types_of(identity: ManagedIdentity) -> list[str]:
    return list(AuditEvent.objects.filter(subject_id=str(identity.pk)).order_by("id").values_list("type", flat=True))


def binding(identity: ManagedIdentity, *, used: bool) -> RoleBinding:
    role = register.role(identity.tenant, "run.read")
    made = access.grant(identity, role, valid_until=timezone.now() + 30 * 24 * HOUR, reason="x", actor=SYSTEM)
    if used:
        RoleBinding.objects.filter(pk=made.pk).update(last_used_at=timezone.now())
    return made


def test_what_is_not_due_is_left_alone(tenant: Tenant):
    item = questions.item(questions.campaign(tenant, due_at=timezone.now() + HOUR))
    assert silence.sweep(timezone.now()) == 0
    item.refresh_from_db()
    assert item.state == ItemState.OPEN


@pytest.mark.parametrize("state", [CampaignState.PREPARING, CampaignState.CLOSED, CampaignState.CANCELLED])
def test_a_campaign_that_is_not_under_way_has_no_deadline(tenant: Tenant, state: str):
    item = questions.item(questions.campaign(tenant, state=state))
    assert silence.sweep(timezone.now()) == 0
    item.identity.refresh_from_db()
    assert item.identity.state == State.ACTIVE


def test_what_was_answered_is_not_touched(tenant: Tenant):
    campaign = questions.campaign(tenant)
    answered = questions.item(campaign, state=ItemState.DECIDED, decision=Decision.CERTIFY)
    dropped = questions.item(campaign, state=ItemState.DROPPED)
    questions.item(campaign)
    assert silence.sweep(timezone.now()) == 1
    for item, state in ((answered, ItemState.DECIDED), (dropped, ItemState.DROPPED)):
        item.refresh_from_db()
        assert (item.state, item.identity.state) == (state, State.ACTIVE)


def test_of_high_tier_it_is_disabled_and_its_timeline_says_so(tenant: Tenant):
    campaign = questions.campaign(tenant)
    item = questions.item(campaign)
    assert silence.sweep(at := timezone.now()) == 1
    item.refresh_from_db()
    item.identity.refresh_from_db()
    campaign.refresh_from_db()
    assert (item.state, item.decision, item.remediation_state) == ("silent", "no_response", "done")
    assert item.undo_until == at + timedelta(hours=72)
    assert item.remediation["previous_state"] == "active"
    assert item.identity.state == State.DISABLED
    assert item.identity.tokens_revoked_at is not None
    assert item.identity.review_by == campaign.due_at.date()
    assert campaign.state == CampaignState.CLOSED
    said = types_of(item.identity)[1:]
    assert said == ["review.unanswered", "identity.disabled", "token.revoked", "review.remediated"]
    assert [answer.decision for answer in item.decisions.all()] == [Decision.NO_RESPONSE]


def test_a_second_sweep_does_nothing(tenant: Tenant):
    questions.item(questions.campaign(tenant))
    silence.sweep(timezone.now())
    before = AuditEvent.objects.count()
    assert silence.sweep(timezone.now()) == 0
    assert AuditEvent.objects.count() == before


def test_of_medium_tier_it_keeps_what_it_uses(tenant: Tenant):
    bot = register.identity(tenant, risk_tier="medium")
    used, unused, since = (binding(bot, used=one) for one in (True, False, True))
    chosen = [str(unused.pk), str(since.pk)]
    item = questions.item(questions.campaign(tenant), bot, preselected=chosen)
    silence.sweep(timezone.now())
    item.refresh_from_db()
    assert item.identity.state == State.ACTIVE
    assert item.remediation["bindings_ended"] == [str(unused.pk)]
    standing = set(RoleBinding.objects.standing(timezone.now()).values_list("pk", flat=True))
    assert standing == {used.pk, since.pk}


def test_of_medium_tier_without_unused_roles_nothing_is_taken(tenant: Tenant):
    item = questions.item(questions.campaign(tenant), risk_tier="medium")
    silence.sweep(timezone.now())
    item.refresh_from_db()
    assert (item.remediation_state, item.undo_until) == (RemediationState.NOT_NEEDED, None)


def test_of_low_tier_it_works_on_and_its_review_is_late(tenant: Tenant):
    campaign = questions.campaign(tenant, due_at=timezone.now() - timedelta(days=2))
    item = questions.item(campaign, risk_tier="low")
    silence.sweep(timezone.now())
    item.identity.refresh_from_db()
    item.refresh_from_db()
    assert (item.identity.state, item.remediation_state) == (State.ACTIVE, RemediationState.NOT_NEEDED)
    assert item.identity.review_by == campaign.due_at.date()
    assert item.identity.certified_until is None


def test_lowering_the_tier_meanwhile_saves_nobody(tenant: Tenant):
    item = questions.item(questions.campaign(tenant))
    inventory.change(item.identity, facts={"risk_tier": "low"}, actor=SYSTEM)
    silence.sweep(timezone.now())
    item.identity.refresh_from_db()
    assert item.identity.state == State.DISABLED


@pytest.mark.parametrize(("on_silence", "state"), [("disable", "disabled"), ("reduce", "active"), ("remind", "active")])
def test_a_campaign_may_say_it_for_every_tier(tenant: Tenant, on_silence: str, state: str):
    item = questions.item(questions.campaign(tenant, on_silence=on_silence), risk_tier="low")
    silence.sweep(timezone.now())
    item.identity.refresh_from_db()
    assert item.identity.state == state


def test_what_was_retired_is_asked_about_no_more(tenant: Tenant):
    item = questions.item(questions.campaign(tenant))
    lifecycle.retire(item.identity, reason="over", actor=SYSTEM)
    silence.sweep(timezone.now())
    item.refresh_from_db()
    assert (item.state, item.decisions.count()) == (ItemState.DROPPED, 0)


def test_what_is_disabled_already_stays_so(tenant: Tenant):
    item = questions.item(questions.campaign(tenant))
    lifecycle.disable(item.identity, reason="over", actor=SYSTEM)
    silence.sweep(timezone.now())
    item.refresh_from_db()
    assert (item.state, item.remediation_state) == (ItemState.SILENT, RemediationState.NOT_NEEDED)


def test_an_incident_at_the_deadline_only_defers_it(tenant: Tenant):
    item = questions.item(questions.campaign(tenant))
    quarantine(item.identity, reason="incident", actor=SYSTEM)
    assert silence.sweep(timezone.now()) == 1
    assert silence.sweep(timezone.now()) == 0
    item.refresh_from_db()
    assert item.remediation_state == RemediationState.PENDING
    first, second = (register.person(tenant, created_at=timezone.now() - HOUR) for _ in range(2))
    releases.ask(Quarantine.objects.get(), reason="over", actor=actor_of(first))
    releases.release(Quarantine.objects.get(), reason="over", actor=actor_of(second))
    assert silence.sweep(timezone.now()) == 1
    item.identity.refresh_from_db()
    item.refresh_from_db()
    assert (item.identity.state, item.remediation_state) == (State.DISABLED, RemediationState.DONE)


def test_a_pause_is_remembered(tenant: Tenant):
    item = questions.item(questions.campaign(tenant))
    until = timezone.now() + HOUR
    pausing.pause(item.identity, reason="x", actor=SYSTEM, until=until)
    silence.sweep(timezone.now())
    item.refresh_from_db()
    assert item.remediation["previous_state"] == "paused"
    assert item.remediation["paused_until"] == until.isoformat()


def test_one_that_breaks_holds_up_no_other(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    campaign = questions.campaign(tenant)
    items = sorted((questions.item(campaign) for _ in range(4)), key=lambda one: one.pk)
    settle = unanswered.settle

    def break_on_one(held: list[ReviewItem], *, at: object) -> int:
        done = settle(held, at=at)  # type: ignore[arg-type]
        if items[1].pk in {one.pk for one in held}:
            raise RuntimeError("broken")
        return done

    monkeypatch.setattr(unanswered, "settle", break_on_one)
    assert silence.sweep(timezone.now()) == 3
    monkeypatch.undo()
    items[1].refresh_from_db()
    campaign.refresh_from_db()
    assert (items[1].state, campaign.state) == (ItemState.OPEN, CampaignState.CLOSING)
    assert silence.sweep(timezone.now()) == 1
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.CLOSED


def test_a_sweep_that_runs_out_of_time_goes_on_at_the_next(tenant: Tenant):
    campaign = questions.campaign(tenant)
    for _ in range(3):
        questions.item(campaign)
    assert silence.sweep(timezone.now(), seconds=0) == 0
    assert silence.sweep(timezone.now(), limit=2) == 2
    assert silence.sweep(timezone.now()) == 1


def test_the_reviewer_hears_once_of_all_of_them(tenant: Tenant):
    campaign, reviewer = questions.campaign(tenant), register.person(tenant, role=PortalRole.ANALYST)
    for _ in range(3):
        questions.item(campaign, reviewer=reviewer)
    silence.sweep(timezone.now())
    told = Notice.objects.filter(person=reviewer, kind="review_unanswered")
    assert [notice.subject.split()[0] for notice in told] == ["3"]


def test_many_take_as_few_statements_as_one_bite_does(tenant: Tenant, django_assert_max_num_queries):
    campaign = questions.campaign(tenant)
    for _ in range(silence.BITE):
        questions.item(campaign)
    with django_assert_max_num_queries(45):
        assert silence.sweep(timezone.now()) == silence.BITE


def test_another_tenants_identities_are_not_touched(tenant: Tenant):
    other = register.identity(register.tenant(), risk_tier="high")
    questions.item(questions.campaign(tenant))
    silence.sweep(timezone.now())
    other.refresh_from_db()
    assert other.state == State.ACTIVE
