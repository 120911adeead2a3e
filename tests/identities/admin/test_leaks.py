"""The box for leaks, its answer and the list: who may, what is shown, and that the text comes back nowhere."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.credentials import secret_format, services as credentials
from identities.credentials.models import ClientSecret, SecretSource
from identities.detections import leaks
from identities.detections.models import LeakDoor, LeakReport
from identities.people.models import PortalRole
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db
LIST, BOX = "/admin/identities/leakreport/", "/admin/identities/leakreport/add/"
#: The page of one leak asks of seven rooms; none of it grows with the number of anything.
MOST_QUERIES = 12
REFERENCE = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll"}


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def admin(ours):
    return pages.signed_in(ours.person)


def leaked(ours, name="payroll", **facts):
    bot = tokens.identity(of=ours.tenant, name=name, **{"risk_tier": "low", **facts})
    return credentials.issue(bot, actor=pages.SYSTEM, stored_at=REFERENCE)


def paste(client, text, source="build log", once="1"):
    return client.post(BOX, {"text": text, "source": source, "once": once}, follow=True)


def shown(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_is_empty_and_says_what_to_do(admin):
    page = shown(admin.get(LIST))
    assert "No leak was reported" in page
    assert BOX in page


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_only_reads_gets_no_box(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    assert BOX not in shown(client.get(LIST))
    issued = leaked(ours)
    assert paste(client, issued.text).status_code == 403
    assert ClientSecret.objects.get(pk=issued.secret.pk).revoked_at is None


def test_a_pasted_secret_dies_and_the_page_says_whose_it_was_and_how_far_it_reached(ours):
    client = pages.signed_in(people.person(of=ours.tenant, role="ANALYST"))
    issued = leaked(ours, downstream_systems=["SAP payroll"])
    tokens.grant(issued.secret.identity, "workflow.execute", name="payer")
    leaked(ours, name="billing")
    SecretSource.objects.create(
        secret=issued.secret,
        address="203.0.113.9",
        user_agent="curl/8.5",
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
        uses=3,
    )
    answer = paste(client, f"KEY={issued.text}")
    page = shown(answer)
    assert answer.redirect_chain[-1][0].startswith(f"{LIST}{LeakReport.objects.get().pk}/")
    for word in ("It is dead in", f"…{issued.secret.hint}", "payroll", "SAP payroll", "payer", "workflow.execute"):
        assert word in page
    for word in ("203.0.113.9", "curl/8.5", "billing", "local://default/payroll", "It has no secret now"):
        assert word in page
    assert issued.text not in page


def test_an_admin_gets_the_buttons_that_mend_it(ours, admin):
    issued = leaked(ours)
    page = shown(paste(admin, issued.text))
    assert f"/{issued.secret.identity_id}/do/issue-secret/" in page
    credentials.issue(issued.secret.identity, actor=pages.SYSTEM)
    page = shown(admin.get(f"{LIST}{LeakReport.objects.get().pk}/change/"))
    assert f"/{issued.secret.identity_id}/do/rotate/" in page
    assert "Another secret works" in page


def test_a_text_without_a_secret_of_ours_leaves_nothing(admin):
    page = shown(paste(admin, f"x {secret_format.generate('production')}"))
    assert "No secret of yours is in it" in page
    assert not LeakReport.objects.exists()


def test_a_second_report_of_the_same_leads_to_the_first(ours, admin):
    issued = leaked(ours)
    paste(admin, issued.text)
    assert "reported before" in shown(paste(admin, issued.text, once="2"))
    assert LeakReport.objects.count() == 1


def test_several_secrets_have_a_tab_each(ours, admin):
    one, two = leaked(ours, "one"), leaked(ours, "two", risk_tier="high")
    page = shown(paste(admin, f"{one.text}\n{two.text}"))
    assert "2 secrets in one text" in page
    report = LeakReport.objects.get()
    for match in report.matches.all():
        assert "How far it reached" in shown(admin.get(f"{LIST}{report.pk}/change/", {"tab": f"m-{match.pk}"}))


@pytest.mark.parametrize("source", ["", "x" * 201])
def test_a_refused_form_does_not_send_the_text_back(ours, admin, source):
    issued = leaked(ours)
    text = issued.text if source else ""
    answer = paste(admin, text, source=source or "y")
    assert answer.status_code == 422
    assert issued.text not in answer.content.decode()
    assert ClientSecret.objects.get(pk=issued.secret.pk).revoked_at is None


def test_a_secret_in_the_wrong_box_is_not_sent_back_either(ours, admin):
    text = leaked(ours).text
    answer = paste(admin, "", source=f"found {text}")
    assert answer.status_code == 422
    assert text not in answer.content.decode()


def test_nobody_pastes_without_end(ours, admin, monkeypatch):
    monkeypatch.setattr(leaks, "A_MINUTE", 1)
    issued = leaked(ours)
    paste(admin, "x")
    answer = paste(admin, issued.text, once="2")
    assert (answer.status_code, "try again in" in answer.content.decode()) == (422, True)
    assert issued.text not in answer.content.decode()


def test_another_tenants_secret_dies_and_its_report_is_theirs(ours, admin):
    theirs = pages.estate("mountain")
    issued = leaked(theirs, "theirs")
    assert "No secret of yours is in it" in shown(paste(admin, issued.text))
    assert ClientSecret.objects.get(pk=issued.secret.pk).revoked_at is not None
    report = LeakReport.objects.get()
    assert admin.get(f"{LIST}{report.pk}/change/").status_code == 404
    page = shown(pages.signed_in(theirs.person).get(f"{LIST}{report.pk}/change/"))
    assert "somebody of another tenant" in page
    assert ours.person.email not in page


@pytest.mark.parametrize(
    ("query", "is_in"),
    [
        ({"action": "revoked"}, True),
        ({"action": "quarantined"}, False),
        ({"door": "pasted"}, True),
        ({"door": "partner"}, False),
        ({"q": "build"}, True),
        ({"q": "nothing"}, False),
    ],
)
def test_the_list_is_filtered_and_searched(ours, admin, query, is_in):
    paste(admin, leaked(ours).text)
    assert ("by harbour@example.com" in shown(admin.get(LIST, query))) is is_in


def test_pages_cost_a_bounded_number_of_queries(ours, admin):
    for number in range(12):
        issued = [leaked(ours, f"bot-{number}-{each}") for each in range(2)]
        leaks.report(
            " ".join(each.text for each in issued),
            source=f"log {number}",
            door=LeakDoor.API,
            actor=pages.SYSTEM,
            visible=None,
        )
    admin.get(LIST)
    with CaptureQueriesContext(connection) as listed:
        shown(admin.get(LIST))
    assert len(listed) <= 12
    report = LeakReport.objects.all()[0]
    for tab in ("done", f"m-{report.matches.all()[0].pk}"):
        with CaptureQueriesContext(connection) as read:
            shown(admin.get(f"{LIST}{report.pk}/change/", {"tab": tab}))
        assert len(read) <= MOST_QUERIES, len(read)


def test_a_quarantine_leads_to_its_runbook(ours, admin):
    issued = leaked(ours, risk_tier="high")
    page = shown(paste(admin, issued.text))
    quarantine = issued.secret.identity.quarantines.get()
    assert "and its identity stopped in" in page
    assert f"/admin/identities/quarantine/{quarantine.pk}/change/" in page
