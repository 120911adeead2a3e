"""The keyboard screen without its keyboard: what it shows, what it costs, and that its buttons work by themselves."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.admin.review_queue import Queue
from identities.people.models import PortalRole
from identities.recertification.models import ItemState, ReviewDecision
from tests.factories import pages, people, reviews

pytestmark = pytest.mark.django_db
MOST = 10


@pytest.fixture
def cast():
    return reviews.Cast()


@pytest.fixture
def campaign(cast):
    for name in ("anchor", "buoy", "crane"):
        reviews.unused(cast.identity(name=name), "workflow.execute")
    return cast.launch()


@pytest.fixture
def owner(cast):
    return pages.signed_in(cast.owner)


def screen(campaign, more=""):
    return pages.page(campaign).replace("/change/", f"/review/{more}")


def items(campaign):
    return list(campaign.items.order_by("identity__name"))


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_cannot_answer_has_no_screen(cast, campaign, role):
    browser = pages.signed_in(people.person(of=cast.tenant, role=role))
    assert browser.get(screen(campaign)).status_code == 403
    assert browser.get(screen(campaign, "list/")).status_code == 403


def test_nobody_answers_what_another_is_asked(cast, campaign):
    item = items(campaign)[0]
    other = pages.signed_in(cast.deputy)
    assert "Nothing is asked of you here" in other.get(screen(campaign)).content.decode()
    assert other.get(screen(campaign, f"?item={item.pk}")).status_code == 404
    sent = {"item": item.pk, "decision": "revoke", "reason": "x"}
    assert other.post(screen(campaign), sent).status_code == 404
    other.post(screen(campaign, "list/"), {"items": [item.pk], "reason": "x"})
    item.refresh_from_db()
    assert item.state == ItemState.OPEN


@pytest.mark.parametrize("item", ["", "x", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"])
def test_an_item_that_is_none_is_a_404(owner, campaign, item):
    assert owner.post(screen(campaign), {"item": item, "decision": "certify"}).status_code == 404


def test_an_answer_that_is_none_is_a_404(owner, campaign):
    sent = {"item": items(campaign)[0].pk, "decision": "applaud"}
    assert owner.post(screen(campaign), sent).status_code == 404


def test_a_screen_costs_few_queries(owner, campaign):
    owner.get(screen(campaign))
    for address in (screen(campaign), screen(campaign, "?fragment=1&ahead=1"), screen(campaign, "list/")):
        with CaptureQueriesContext(connection) as found:
            assert owner.get(address).status_code == 200
        assert len(found) <= MOST, [query["sql"][:120] for query in found]


def test_the_first_look_costs_one_more_and_waits_for_nobody(owner, campaign):
    # Its evidence is of today and whole, and nobody has looked at it yet.
    [first, *_] = items(campaign)
    owner.get(screen(campaign))
    type(first).objects.update(seen_at=None)
    with CaptureQueriesContext(connection) as found:
        assert owner.get(screen(campaign)).status_code == 200
    assert len(found) <= MOST + 1, [query["sql"][:120] for query in found]
    assert not any("FOR NO KEY UPDATE" in query["sql"] for query in found)
    first.refresh_from_db()
    assert first.seen_at is not None


def test_one_item_answers_four_questions_and_says_what_is_recommended(owner, campaign):
    text = owner.get(screen(campaign)).content.decode()
    for said in ("1 of 3", "anchor", "Who owns it", "What it may do", "last used", "What breaks", "is recommended"):
        assert said in text
    assert "fragment=1" not in text
    assert "<script>" not in text, "the policy of the admin takes no inline script"


def test_what_is_not_clear_is_said(owner, campaign):
    item = items(campaign)[0]
    item.unclear = ["owner"]
    item.save(update_fields=["unclear"])
    assert "not ready for production" in owner.get(screen(campaign)).content.decode()


def test_the_buttons_answer_without_a_script(owner, cast, campaign):
    first, second, third = items(campaign)
    answer = owner.post(screen(campaign), {"item": first.pk, "decision": "revoke", "reason": "Gone"})
    assert answer["Location"].endswith(f"?item={second.pk}")
    owner.post(
        screen(campaign), {"item": second.pk, "decision": "reduce", "reason": "x", "bindings": second.preselected}
    )
    sent = {"item": third.pk, "decision": "reassign", "reason": "x", "reviewer": cast.deputy.email}
    assert owner.post(screen(campaign), sent)["Location"].endswith("/review/")
    first, second, third = items(campaign)
    assert (first.decision, second.decision, third.state) == ("revoke", "reduce", "open")
    assert third.reviewer_id == cast.deputy.pk
    assert "All 2 answered" in owner.get(screen(campaign)).content.decode()


def test_the_script_gets_the_next_item_and_what_was_wrong_in_words(owner, campaign):
    first, second, _ = items(campaign)
    sent = {"item": first.pk, "decision": "revoke", "reason": "", "fragment": "1"}
    refused = owner.post(screen(campaign), sent)
    assert (refused.status_code, refused.content.decode()) == (422, "Say why.")
    refused = owner.post(
        screen(campaign), {**sent, "decision": "reassign", "reason": "x", "reviewer": "no@example.com"}
    )
    assert refused.status_code == 422
    refused = owner.post(screen(campaign), {**sent, "decision": "reduce", "reason": "x", "bindings": "y"})
    assert refused.status_code == 422
    answer = owner.post(screen(campaign), {**sent, "reason": "Gone"}).content.decode()
    assert f'data-item="{second.pk}"' in answer
    assert "anchor is revoked." in answer
    assert "<html" not in answer
    assert owner.post(screen(campaign), {**sent, "reason": "Again"}).status_code == 422


def test_the_seconds_are_the_pages_but_no_more_than_passed(owner, campaign):
    shown = owner.get(screen(campaign)).context["shown"]
    first, second, third = items(campaign)
    for item, stamp, seconds in ((first, shown, "9999"), (second, shown, "0"), (third, "forged", "1")):
        sent = {"item": item.pk, "decision": "revoke", "reason": "x", "shown": stamp, "seconds": seconds}
        owner.post(screen(campaign), sent)
    taken = dict(ReviewDecision.objects.values_list("item", "seconds"))
    assert 0 <= (taken[first.pk] or 0) < 60
    assert (taken[second.pk] or 0) < 60


def test_an_answer_is_taken_back_where_one_is(owner, campaign):
    first, second, _ = items(campaign)
    owner.post(screen(campaign), {"item": first.pk, "decision": "revoke", "reason": "x"})
    assert "Undo anchor" in owner.get(screen(campaign)).content.decode()
    sent = {"item": first.pk, "decision": "undo", "reason": "Too fast", "at": second.pk, "fragment": "1"}
    assert f'data-item="{second.pk}"' in owner.post(screen(campaign), sent).content.decode()
    first.identity.refresh_from_db()
    assert first.identity.state == "active"


def test_only_what_is_plain_is_certified_together(owner, campaign):
    first, second, third = items(campaign)
    campaign.items.exclude(pk=third.pk).update(recommendation="certify", unclear=[])
    text = owner.get(screen(campaign, "list/")).content.decode()
    assert text.count('type="checkbox" name="items"') == 2
    owner.post(screen(campaign, "list/"), {"items": [first.pk, third.pk], "reason": "All fine"})
    assert not ReviewDecision.objects.exists()
    owner.post(screen(campaign, "list/"), {"items": [first.pk, second.pk], "reason": "All fine"})
    assert list(ReviewDecision.objects.values_list("decision", "batch_size")) == [("certify", 2)] * 2
    owner.post(screen(campaign, "list/"), {"items": ["x"], "reason": "All fine"})


def test_a_queue_goes_on_from_where_one_is_and_wraps():
    first, second, third, fourth = rows = [uuid4() for _ in range(4)]
    queue = Queue(rows, frozenset({first, third}))
    assert (queue.answered, queue.total, queue.percent) == (2, 4, 50)
    assert (queue.next_open(), queue.next_open(after=first), queue.next_open(after=third)) == (first, third, first)
    assert (queue.beside(first, -1), queue.beside(first, 1), queue.place(fourth)) == (None, second, 4)
    assert Queue([first], frozenset()).next_open(after=first) is None


def test_who_runs_the_platform_is_asked_nothing_and_may_step_in_for_all(cast, campaign):
    browser = pages.signed_in(people.platform_admin())
    browser.post("/admin/tenant/", {"tenant": str(cast.tenant.pk)})
    body = browser.get(screen(campaign)).content.decode()
    assert "of 3 answered" in body
    assert f"asked of {cast.owner.email}" in body
