"""The pages of campaigns, their items and plans: who may, what they cost, what a form would ask before it asks."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.recertification import decisions
from identities.recertification.models import CampaignPlan, CampaignState, ReviewCampaign, ReviewItem
from tests.factories import pages, people, reviews

pytestmark = pytest.mark.django_db
MOST = 12
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def cast():
    return reviews.Cast()


@pytest.fixture
def campaign(cast):
    for number in range(12):
        cast.identity(risk_tier=("high", "low")[number % 2])
    return cast.launch()


@pytest.fixture
def browser(cast):
    return pages.signed_in(cast.admin)


def launching(**more):
    due = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    return {"name": "Winter", "due_at": due, "reviewer_rule": "owner", "on_silence": "by_tier", **more}


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_launches_plans_and_cancels(cast, campaign, role):
    browser = pages.signed_in(people.person(of=cast.tenant, role=role))
    assert browser.post(pages.adding(ReviewCampaign), launching()).status_code == 403
    assert browser.post(pages.adding(CampaignPlan), launching(every_days=9, answer_days=2)).status_code == 403
    assert browser.post(pages.command(campaign, "cancel"), {"reason": "x"}).status_code == 403
    assert browser.get(pages.page(campaign)).status_code == 200
    assert ReviewCampaign.objects.get().state == CampaignState.OPEN


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST])
def test_who_reads_no_whole_audit_is_offered_no_report(cast, campaign, role):
    browser = pages.signed_in(people.person(of=cast.tenant, role=role))
    assert b"/report/" not in browser.get(pages.page(campaign)).content
    assert browser.get(report(campaign)).status_code == 403
    assert not AuditEvent.objects.filter(type="campaign.report_made").exists()


def test_a_campaign_of_others_is_not_there(campaign):
    stranger = pages.signed_in(reviews.Cast().admin)
    item = campaign.items.first()
    for address in (pages.page(campaign), report(campaign), review(campaign), review(campaign, "list/")):
        assert stranger.get(address).status_code == 404
    assert stranger.get(pages.page(item)).status_code == 404


def report(campaign, file_format="html"):
    return pages.page(campaign).replace("/change/", f"/report/?format={file_format}")


def review(campaign, more=""):
    return pages.page(campaign).replace("/change/", f"/review/{more}")


def test_the_form_says_what_it_would_ask(browser, cast):
    cast.identity(risk_tier="high")
    cast.identity(risk_tier="high", technical_owner=cast.deputy.email)
    people.person(of=cast.tenant)
    cast.identity(risk_tier="high", technical_owner="")
    cast.identity(risk_tier="low")
    with CaptureQueriesContext(connection) as found:
        page = browser.post(pages.adding(ReviewCampaign), {**launching(risk_tier="high"), "preview": "1"})
    text = page.content.decode()
    assert "This asks about 3 identities and asks 3 reviewers" in text
    assert "1 has nobody of their own" in text
    assert not ReviewCampaign.objects.exists()
    assert len(found) <= MOST


def test_a_scope_of_nothing_is_said_and_refused(browser, cast):
    cast.identity(risk_tier="low")
    page = browser.post(pages.adding(ReviewCampaign), {**launching(risk_tier="high"), "preview": "1"})
    assert "This asks about nothing" in page.content.decode()
    assert browser.post(pages.adding(ReviewCampaign), launching(risk_tier="high")).status_code == 422


@pytest.mark.parametrize("more", ['["high"]', '{"colour": "red"}', "{", '{"riskTier": {"a": 1}}'])
def test_filters_that_make_no_sense_are_refused(browser, cast, more):
    cast.identity()
    assert browser.post(pages.adding(ReviewCampaign), launching(more=more)).status_code == 422


def test_it_is_launched_shown_and_cancelled(browser, cast):
    cast.identity(risk_tier="high")
    answer = browser.post(pages.adding(ReviewCampaign), launching(risk_tier="high"), follow=True)
    campaign = ReviewCampaign.objects.get()
    assert campaign.scope == {"riskTier": "high"}
    assert "its reviewers are told" in answer.content.decode()
    browser.post(pages.command(campaign, "cancel"), {"reason": "A mistake"}, follow=True)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.closed_reason) == (CampaignState.CANCELLED, "A mistake")


def test_each_preset_fills_the_form_in(browser):
    text = browser.get(pages.adding(CampaignPlan)).content.decode()
    assert "High tier, quarterly" in text
    filled = browser.get(f"{pages.adding(CampaignPlan)}?risk_tier=high&every_days=90&name=High")
    assert filled.context["form"].initial["risk_tier"] == "high"


def test_a_plan_is_made_changed_stopped_and_removed(browser, cast):
    wanted = launching(name="Quarterly", every_days="90", answer_days="14", risk_tier="high", more='{"q": "bot"}')
    browser.post(pages.adding(CampaignPlan), wanted)
    plan = CampaignPlan.objects.get()
    assert plan.scope == {"riskTier": "high", "q": "bot"}
    edit = browser.get(pages.command(plan, "edit")).context["form"]
    assert (edit.initial["risk_tier"], edit.initial["more"]) == ("high", {"q": "bot"})
    browser.post(pages.command(plan, "edit"), {**wanted, "every_days": "30", "more": ""})
    browser.post(pages.command(plan, "stop"), {"reason": "Enough"})
    plan.refresh_from_db()
    assert (plan.every_days, plan.scope, plan.is_enabled) == (30, {"riskTier": "high"}, False)
    assert browser.get(pages.page(plan)).status_code == 200
    browser.post(pages.command(plan, "remove"), {"reason": "Over"})
    assert not CampaignPlan.objects.exists()


@pytest.mark.parametrize("tab", ["progress", "items", "timeline"])
def test_a_page_costs_few_queries(browser, cast, campaign, tab):
    for item in campaign.items.all()[:4]:
        decisions.decide(item, decision="certify", reason="Seen", actor=actor_of(cast.owner), seconds=4)
    ReviewCampaign.objects.update(due_at=timezone.now() - timedelta(days=1))
    with CaptureQueriesContext(connection) as found:
        page = browser.get(pages.page(campaign, tab))
    assert page.status_code == 200
    assert len(found) <= MOST, [query["sql"][:120] for query in found]


@pytest.mark.parametrize("model", [ReviewCampaign, ReviewItem, CampaignPlan])
def test_a_list_costs_few_queries(browser, campaign, model):
    with CaptureQueriesContext(connection) as found:
        assert browser.get(pages.listing(model)).status_code == 200
    assert len(found) <= MOST, [query["sql"][:120] for query in found]


@pytest.mark.parametrize("tab", ["question", "answers"])
def test_an_items_page_costs_few_queries_and_draws_for_everybody(cast, campaign, tab):
    item = campaign.items.first()
    decisions.decide(item, decision="revoke", reason="Gone", actor=actor_of(cast.owner))
    for role in PortalRole:
        client = pages.signed_in(people.person(of=cast.tenant, role=role))
        with CaptureQueriesContext(connection) as found:
            assert client.get(pages.page(item, tab)).status_code == 200
        assert len(found) <= MOST, [query["sql"][:120] for query in found]


def test_the_page_tells_who_answers_like_a_stamp(browser, cast, campaign):
    for item in campaign.items.all()[:6]:
        decisions.decide(item, decision="certify", reason="ok", actor=actor_of(cast.owner), seconds=0.4)
    text = browser.get(pages.page(campaign)).content.decode()
    assert "rubber stamp?" in text
    assert "6 of 12" in text


def test_items_are_filtered(browser, cast, campaign):
    item = campaign.items.first()
    decisions.decide(item, decision="revoke", reason="Gone", actor=actor_of(cast.owner))
    for query, number in (
        (f"campaign={campaign.pk}", 12),
        (f"campaign={campaign.pk}&state=open", 11),
        ("decision=revoke", 1),
        ("remediation=done", 1),
        ("advice=against", 1),
        ("tier=high", 6),
        ("advice=unclear", campaign.items.exclude(unclear=[]).count()),
    ):
        assert browser.get(f"{pages.listing(ReviewItem)}?{query}").context["cl"].result_count == number, query


def test_the_identitys_page_tells_its_reviews_and_takes_one_back(cast, campaign):
    item = campaign.items.first()
    decisions.decide(item, decision="revoke", reason="Nobody needs it", actor=actor_of(cast.owner))
    owner = pages.signed_in(cast.owner)
    with CaptureQueriesContext(connection) as found:
        text = owner.get(pages.page(item.identity, "reviews")).content.decode()
    assert "Nobody needs it" in text
    assert pages.command(item, "undo") in text
    assert len(found) <= MOST, [query["sql"][:120] for query in found]
    other = pages.signed_in(people.person(of=cast.tenant, role=PortalRole.ANALYST))
    assert pages.command(item, "undo") not in other.get(pages.page(item.identity, "reviews")).content.decode()
    assert other.post(pages.command(item, "undo"), {"reason": "x"}).status_code == 403
    owner.post(pages.command(item, "undo"), {"reason": "It still runs"})
    item.identity.refresh_from_db()
    assert item.identity.state == "active"


def test_a_certificate_with_its_seal_stands_on_the_identitys_page(browser, cast, campaign):
    item = campaign.items.first()
    decisions.decide(item, decision="certify", reason="Seen", actor=actor_of(cast.owner))
    assert "seal holds" in browser.get(pages.page(item.identity, "reviews")).content.decode()
    item.snapshots.update(certified_by="somebody")
    assert "SEAL BROKEN" in browser.get(pages.page(item.identity, "reviews")).content.decode()


def test_what_people_wrote_is_escaped_everywhere(browser, cast, campaign):
    item = campaign.items.first()
    type(item.identity).objects.filter(pk=item.identity_id).update(name=EVIL, purpose=EVIL)
    decisions.decide(item, decision="certify", reason=EVIL, actor=actor_of(cast.owner))
    ReviewCampaign.objects.update(name=EVIL)
    owner = pages.signed_in(cast.owner)
    for address in (pages.page(campaign), pages.page(campaign, "items"), pages.page(item), report(campaign)):
        assert "<script>alert" not in browser.get(address).content.decode(), address
    for address in (review(campaign), review(campaign, f"?item={item.pk}"), review(campaign, "list/")):
        assert "<script>alert" not in owner.get(address).content.decode(), address
