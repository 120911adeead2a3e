"""Findings on pages: the list, the page with its commands, the ten, and the tab of an identity."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from identities.detections import services as detections
from identities.detections.models import Finding, FindingState, Severity
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def analyst():
    return people.person(role=PortalRole.ANALYST, email="ann@example.com")


@pytest.fixture
def client(analyst):
    return pages.signed_in(analyst)


@pytest.fixture
def found(analyst):
    return shared_admin(analyst.tenant, name="root-account")


def shared_admin(tenant, **facts):
    identity = tokens.identity(of=tenant, auth_method="human_shared_admin", **facts)
    detections.evaluate([identity.pk], at=timezone.now())
    return Finding.objects.get(identity=identity, code="NHI10-SHARED-ADMIN")


def ten():
    return reverse("admin:identities_finding_top_ten")


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_shows_what_stands_and_its_filters_narrow_it(client, found):
    detections.accept(found, until=timezone.now().date(), reason="x", actor=people.SYSTEM)
    listing = pages.listing(Finding)
    assert "An administrator account shared by people" in text(client.get(listing))
    for query, is_in in [
        ("category=NHI10", True),
        ("category=NHI6", False),
        ("severity=critical", True),
        ("severity=low&code=NHI10-SHARED-ADMIN", False),
        ("state=accepted&code=NHI10-SHARED-ADMIN", True),
        ("state=open&code=NHI10-SHARED-ADMIN", False),
        ("owner=nobody&code=NHI10-SHARED-ADMIN", True),
        ("q=root-account", True),
        ("q=nothing-like-it", False),
    ]:
        shown = {row.code for row in client.get(f"{listing}?{query}").context["cl"].result_list}
        assert ("NHI10-SHARED-ADMIN" in shown) is is_in, query


def test_what_is_resolved_is_shown_when_asked_for(client, found):
    ManagedIdentity.objects.filter(pk=found.identity_id).update(auth_method="mtls")
    detections.evaluate([found.identity_id], at=timezone.now())
    listing = pages.listing(Finding)
    assert found not in client.get(listing).context["cl"].result_list
    assert found in client.get(f"{listing}?state=resolved").context["cl"].result_list
    assert client.get(pages.page(found)).context["ways"] != []


def test_a_finding_says_what_was_seen_why_it_matters_and_how_to_mend_it(client, found):
    page = text(client.get(pages.page(found)))
    assert found.evidence in page
    assert "no record says which of them it was" in page
    assert "Give each person their own account" in page
    # An analyst may not edit the identity: the way leads to its page.
    assert pages.page(found.identity) in page
    assert "Look at the identity" in page


def test_the_button_that_mends_leads_an_administrator_to_the_field(found, analyst):
    admin = pages.signed_in(people.person(of=analyst.tenant))
    assert f"{pages.command(found.identity, 'edit')}#id_auth_method" in text(admin.get(pages.page(found)))
    tab = Finding.objects.filter(identity=found.identity).exclude(pk=found.pk).first()
    assert text(admin.get(pages.page(tab)))


def test_a_finding_is_accepted_reopened_commented_and_assigned(client, analyst, found):
    until = timezone.now().date() + timedelta(days=5)
    sent = client.post(pages.command(found, "accept"), {"until": until.isoformat(), "reason": "Friday"})
    assert sent.status_code == 302
    found.refresh_from_db()
    assert (found.state, found.accepted_until, found.accepted_by) == (FindingState.ACCEPTED, until, analyst.email)
    client.post(pages.command(found, "reopen"), {"reason": "Friday is over"})
    client.post(pages.command(found, "comment"), {"text": "Asked the vendor"})
    client.post(pages.command(found, "assign"), {"owner": str(analyst.pk), "reason": ""})
    found.refresh_from_db()
    assert (found.state, found.owner, found.is_assigned) == (FindingState.OPEN, analyst, True)
    assert "Asked the vendor" in text(client.get(pages.page(found)))
    client.post(pages.command(found, "assign"), {"owner": "", "reason": ""})
    found.refresh_from_db()
    assert (found.owner, found.is_assigned) == (None, False)


def test_what_does_not_fit_is_said_beside_the_field(client, found):
    late = (timezone.now().date() + timedelta(days=32)).isoformat()  # 31, should it be midnight
    response = client.post(pages.command(found, "accept"), {"until": late, "reason": "x"})
    assert response.status_code == 422
    assert "until" in response.context["form"].errors
    stranger = people.person()
    response = client.post(pages.command(found, "assign"), {"owner": str(stranger.pk), "reason": ""})
    assert response.status_code == 422
    assert client.post(pages.command(found, "comment"), {"text": "AKIA" + "Q" * 16}).status_code == 422


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_only_reads_presses_nothing(analyst, found, role):
    reader = pages.signed_in(people.person(of=analyst.tenant, role=role))
    assert reader.get(pages.page(found)).context["ways"] == []
    for key in ("accept", "reopen", "comment", "assign"):
        assert reader.post(pages.command(found, key), {"reason": "x", "text": "x"}).status_code == 403
    assert reader.get(ten()).status_code == 200


def test_tenants_never_see_each_others_findings(client, found):
    theirs = shared_admin(people.tenant(), name="zebra-account")
    assert client.get(pages.page(theirs)).status_code == 404
    assert client.post(pages.command(theirs, "comment"), {"text": "x"}).status_code == 404
    for address in (pages.listing(Finding), ten()):
        page = text(client.get(address))
        assert "root-account" in page
        assert "zebra" not in page


def test_the_ten_are_all_there_with_their_numbers(client, found):
    page = text(client.get(ten()))
    for number in range(1, 11):
        assert f'id="NHI{number}"' in page
    assert "Improper offboarding" in page
    assert pages.page(found) in page
    assert f"{pages.listing(Finding)}?category=NHI10&amp;severity=critical&amp;state=open" in page


def test_the_ten_of_an_empty_register_invite(client):
    page = text(client.get(ten()))
    assert page.count("Nothing open here.") == 11
    assert "Nothing happened in 30 days" in page


def test_names_and_evidence_are_escaped(client, analyst):
    evil = shared_admin(analyst.tenant, name=EVIL)
    Finding.objects.filter(pk=evil.pk).update(evidence=EVIL, details={EVIL: EVIL})
    detections.comment(evil, text=EVIL, actor=people.SYSTEM)
    for address in (pages.listing(Finding), pages.page(evil), ten(), pages.page(evil.identity, "findings")):
        assert "<script>alert" not in text(client.get(address)), address


def test_pages_cost_few_queries_however_much_there_is(client, analyst, found):
    for _ in range(8):
        shared_admin(analyst.tenant)
    detections.comment(found, text="x", actor=people.SYSTEM)
    for address in (pages.listing(Finding), ten(), pages.page(found), pages.page(found.identity, "findings")):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        assert len(asked) <= MOST_QUERIES, (address, [query["sql"][:120] for query in asked])


def test_the_tab_of_an_identity_shows_what_stands_and_what_ended(client, found):
    page = text(client.get(pages.page(found.identity, "findings")))
    assert "An administrator account shared by people" in page
    ManagedIdentity.objects.filter(pk=found.identity_id).update(auth_method="mtls")
    detections.evaluate([found.identity_id], at=timezone.now())
    assert "Resolved" in text(client.get(pages.page(found.identity, "findings")))


def test_the_gravest_finding_comes_first(client, found):
    shown = client.get(reverse("admin:identities_finding_changelist")).context["cl"].result_list
    ranks = [list(Severity).index(Severity(finding.severity)) for finding in shown]
    assert len(set(ranks)) > 1
    assert ranks == sorted(ranks, reverse=True)
