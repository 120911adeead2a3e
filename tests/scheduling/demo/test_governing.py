"""What people of the demo ask for and decide: by the real commands, once, and with something left for the visitor."""

from datetime import datetime

import pytest

from identities.approvals.models import ApprovalRequest
from identities.elevations.models import BreakGlassGrant, BreakGlassState
from identities.inventory.models import ManagedIdentity
from identities.people.models import Notice, Tenant
from identities.recertification.models import CampaignState, Decision, ItemState, ReviewCampaign, ReviewItem
from identities.requests.models import IdentityRequest, RequestState
from identities.succession.models import CaseState, OwnershipTransfer, SuccessionCase
from scheduling.demo import governing, motion

pytestmark = pytest.mark.django_db


def test_each_request_stands_where_its_tier_puts_it(demo: Tenant) -> None:
    states = dict(IdentityRequest.objects.filter(tenant=demo).values_list("name", "state"))
    assert states == {
        "order-board-reader": RequestState.ISSUED,
        "recipe-answerer": RequestState.PENDING,
        "checkout-deployer": RequestState.PENDING,
        "supplier-export": RequestState.REJECTED,
    }
    half = ApprovalRequest.objects.get(tenant=demo, subject_label="checkout-deployer")
    assert list(half.votes.values_list("need", flat=True)) == ["owner"]


def test_one_campaign_runs_and_one_is_over_with_an_item_that_silence_answered(demo: Tenant) -> None:
    running = ReviewCampaign.objects.get(tenant=demo, name=governing.RUNNING)
    assert running.state == CampaignState.OPEN
    assert running.items.filter(state=ItemState.OPEN).count() >= 20
    over = ReviewCampaign.objects.get(tenant=demo, name=governing.OVER)
    assert over.state == CampaignState.CLOSED
    answered = over.items.filter(state=ItemState.DECIDED).values_list("identity__name", "decision")
    assert dict(answered) == {name: decision for name, (decision, _) in governing.ANSWERS.items()}
    silent = over.items.filter(state=ItemState.SILENT)
    assert {item.decision for item in silent} == {Decision.NO_RESPONSE}
    assert {(item.identity.name, item.identity.state) for item in silent} == {(motion.FAIR[2], "disabled")}


def test_what_runs_each_minute_is_not_recommended_to_be_cut(demo: Tenant) -> None:
    item = ReviewItem.objects.get(campaign__name=governing.RUNNING, identity__name="payroll-scheduler")
    assert (item.recommendation, item.preselected) == (Decision.CERTIFY, [])


def test_one_emergency_access_is_armed_and_one_waits_for_its_review(demo: Tenant) -> None:
    states = BreakGlassGrant.objects.filter(tenant=demo).values_list("identity__name", "state")
    assert dict(states) == {
        "metrics-collector": BreakGlassState.ARMED,
        "gateway-checker": BreakGlassState.REVIEW,
    }


def test_who_left_is_being_succeeded_and_one_identity_is_offered(demo: Tenant) -> None:
    left = SuccessionCase.objects.filter(tenant=demo, state=CaseState.OPEN)
    assert {case.leaver_label.partition("@")[0] for case in left} == {"olek.brandt"}
    assert ManagedIdentity.objects.filter(tenant=demo, caretaker_since__isnull=False).count() == left.count()
    assert OwnershipTransfer.objects.get(tenant=demo).identity.name == "old-crm-mirror"


def test_what_waits_for_an_answer_waits_for_the_visitor_too(demo: Tenant) -> None:
    asked = set(Notice.objects.filter(tenant=demo, waits=True, done_at=None).values_list("kind", flat=True))
    assert {"approval_asked", "review_asked", "break_glass_review", "succession_asked", "transfer_asked"} <= asked


def test_a_second_load_adds_nothing(demo: Tenant, at: datetime) -> None:
    models = (IdentityRequest, ReviewCampaign, ReviewItem, BreakGlassGrant, OwnershipTransfer, ApprovalRequest)
    before = [model._default_manager.count() for model in models]
    governing.load(demo, at)
    assert [model._default_manager.count() for model in models] == before
