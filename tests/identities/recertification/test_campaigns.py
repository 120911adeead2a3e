"""A campaign asks about each identity once, in bites that survive a kill, tells each reviewer once, and ends."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.people import notices
from identities.people.actors import actor_of
from identities.people.models import Notice
from identities.recertification import campaigns, decisions, selectors
from identities.recertification.models import CampaignPlan, ItemState, ReviewCampaign, ReviewItem
from tests.factories import people
from tests.factories.reviews import SOON, Cast, launched

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def cast() -> Cast:
    return Cast()


def events(about: object) -> list[str]:
    return list(AuditEvent.objects.filter(subject_id=str(about)).order_by("id").values_list("type", flat=True))


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"name": "  "}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"due_at": timezone.now() - timedelta(minutes=1)}, "due_at"),
        ({"scope": {"planet": "mars"}}, "scope.planet"),
        ({"scope": {"environment": "sandbox"}}, "scope"),
        ({"reviewer_rule": "anybody"}, "reviewer_rule"),
        ({"on_silence": "shout"}, "on_silence"),
    ],
)
def test_what_does_not_fit_launches_nothing(cast, facts, member) -> None:
    cast.identity()
    with pytest.raises(Invalid) as refused:
        cast.launch(**facts)
    assert member in refused.value.errors
    assert not ReviewCampaign.objects.exists()


def test_each_identity_of_the_scope_is_asked_about_once_and_the_record_says_so(cast) -> None:
    one, _ = cast.identity(risk_tier="high"), cast.identity(risk_tier="low")
    campaign = cast.launch(scope={"riskTier": "high"})
    item = campaign.items.get()
    assert (item.identity, item.risk_tier, item.state, campaign.state) == (one, "high", "open", "open")
    assert (len(item.evidence_hash), item.recommendation) == (64, "certify")
    assert events(campaign.pk) == ["campaign.launched", "campaign.opened"]
    assert events(one.pk)[-1] == "review.asked"


def test_a_second_campaign_asks_again(cast) -> None:
    one = cast.identity()
    cast.launch()
    cast.launch()
    assert ReviewItem.objects.filter(identity=one, state=ItemState.OPEN).count() == 2


def test_each_reviewer_has_one_notice_that_waits(cast) -> None:
    for _ in range(3):
        cast.identity()
    campaign = cast.launch()
    notice = notices.waiting(cast.owner).get()
    assert notice.subject == f"3 identities wait for your review until {campaign.due_at:%d %b %Y}: Autumn"
    assert (notice.about_kind, notice.about_id) == ("campaign", str(campaign.pk))
    assert notice.due_at == campaign.due_at


def test_who_governs_hears_of_what_nobody_may_answer(cast) -> None:
    cast.identity(technical_owner=cast.admin.email)
    cast.launch(reviewer_rule="security")
    assert "1 identity has nobody who may review" in Notice.objects.get(person=cast.admin).subject


def test_a_large_campaign_is_written_in_bites_without_a_row_twice(cast, monkeypatch) -> None:
    monkeypatch.setattr(campaigns, "AT_ONCE", 2)
    for number in range(5):
        cast.identity(name=f"many {number}")
    campaign = cast.launch()
    assert (campaign.state, campaign.items.count()) == ("preparing", 0)
    assert not notices.waiting(cast.owner).exists()
    steps = []
    while not campaigns.prepare(campaign, 2, actor=SYSTEM):
        steps.append(campaign.items.count())
    assert steps == [2, 4]
    assert campaign.items.values("identity").distinct().count() == campaign.items.count() == 5
    assert campaigns.prepare(campaign, 2, actor=SYSTEM)
    assert "5 identities wait" in notices.waiting(cast.owner).get().subject
    assert campaigns.preparing() == []


def test_killed_in_the_middle_of_a_bite_leaves_whole_bites(cast, monkeypatch) -> None:
    monkeypatch.setattr(campaigns, "AT_ONCE", 0)
    for _ in range(4):
        cast.identity()
    campaign = cast.launch()
    campaigns.prepare(campaign, 2, actor=SYSTEM)
    with monkeypatch.context() as patch:
        patch.setattr("identities.recertification.asking.audit.record_many", lambda events: _kill())
        with pytest.raises(KeyboardInterrupt):
            campaigns.prepare(campaign, 2, actor=SYSTEM)
    assert campaign.items.count() == 2
    while not campaigns.prepare(campaign, 2, actor=SYSTEM):
        pass
    assert campaign.items.values("identity").distinct().count() == campaign.items.count() == 4


def test_a_bite_costs_the_same_queries_however_many_it_asks_about_but_for_what_breaks(cast, monkeypatch) -> None:
    monkeypatch.setattr("identities.recertification.evidence.dependencies_of", lambda identity: [])
    counts = []
    for number in (2, 20):
        for _ in range(number):
            cast.identity()
        with CaptureQueriesContext(
            connection,
        ) as seen:
            cast.launch()
        counts.append(len(seen))
    # Inserts go in batches, and the roles of so many rows are read once.
    assert counts[1] <= counts[0] + 2


def test_cancelling_needs_a_reason(cast) -> None:
    cast.identity()
    campaign = cast.launch()
    with pytest.raises(Invalid):
        campaigns.cancel(campaign, reason=" ", actor=SYSTEM)


def test_cancelled_nobody_is_asked_any_more_and_what_was_decided_stands(cast) -> None:
    answered, open_one = cast.identity(name="a"), cast.identity(name="b")
    campaign = cast.launch()
    decisions.decide(campaign.items.get(identity=answered), decision="certify", reason="", actor=actor_of(cast.owner))
    over = campaigns.cancel(campaign, reason="Wrong scope", actor=actor_of(cast.admin))
    assert (over.state, over.closed_reason) == ("cancelled", "Wrong scope")
    assert dict(campaign.items.values_list("identity__name", "state")) == {"a": "decided", "b": "dropped"}
    assert not notices.waiting(cast.owner).exists()
    assert events(open_one.pk)[-1] == "review.dropped"
    with pytest.raises(Conflict) as refused:
        campaigns.cancel(campaign, reason="Again", actor=SYSTEM)
    assert refused.value.code == "campaign_over"
    with pytest.raises(Conflict) as refused:
        decisions.decide(
            campaign.items.get(identity=open_one), decision="certify", reason="", actor=actor_of(cast.owner)
        )
    assert refused.value.code == "campaign_over"


def test_open_items_keep_a_campaign_open(cast) -> None:
    cast.identity()
    campaign = cast.launch()
    with pytest.raises(Conflict) as refused:
        campaigns.close(campaign, actor=SYSTEM)
    assert refused.value.code == "items_open"


def test_it_closes_by_itself_when_it_is_due_and_everything_is_handled(cast) -> None:
    item = cast.item()
    decisions.decide(item, decision="certify", reason="", actor=actor_of(cast.owner))
    assert campaigns.close_finished(timezone.now()) == 0
    assert campaigns.close_finished(timezone.now() + SOON) == 1
    item.campaign.refresh_from_db()
    assert item.campaign.state == "closed"
    assert events(item.campaign_id)[-1] == "campaign.closed"


def test_a_plan_may_launch_what_asks_nobody(cast) -> None:
    plan = CampaignPlan.objects.create(tenant=cast.tenant, name="P", every_days=7, next_at=timezone.now())
    campaign = launched(cast.tenant, SYSTEM, plan=plan)
    assert (campaign.state, campaign.items.count()) == ("open", 0)


def test_progress_is_counted_in_one_query(cast, django_assert_num_queries) -> None:
    answered = cast.identity()
    cast.identity()
    campaign = cast.launch()
    decisions.decide(campaign.items.get(identity=answered), decision="certify", reason="", actor=actor_of(cast.owner))
    with django_assert_num_queries(1):
        found = selectors.campaigns([cast.tenant.pk]).get(pk=campaign.pk)
    counts = (found.items_all, found.items_open, found.items_decided, found.items_silent, found.items_failed)
    assert counts == (2, 1, 1, 0, 0)
    assert not selectors.campaigns([uuid4()]).exists()


def test_the_queue_of_a_person_goes_round(cast) -> None:
    for number in range(3):
        cast.identity(name=f"{number}")
    campaign = cast.launch()
    queue = list(selectors.queue_for(cast.owner))
    assert selectors.number_waiting(cast.owner) == 3
    assert selectors.next_for(cast.owner) == queue[0]
    assert selectors.next_for(cast.owner, after=queue[1]) == queue[2]
    assert selectors.next_for(cast.owner, after=queue[2], campaign=campaign) == queue[0]
    assert selectors.next_for(people.person()) is None


def _kill() -> None:
    raise KeyboardInterrupt
