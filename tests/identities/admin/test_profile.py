"""One's own page: it is always one's own; what it shows, and what it asks before it changes how one signs in."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.admin import entering
from identities.people import second_factor, services
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.people.sign_in import open_session
from tests.factories import factors, pages, people

pytestmark = pytest.mark.django_db
ME, ADD, CODES, CONFIRM = (
    "/admin/me/",
    "/admin/me/second-factor/add/",
    "/admin/me/second-factor/codes/",
    "/admin/me/confirm/",
)
TABS = ("about", "history", "sessions", "second-factor")
MOST_QUERIES = 10


def signed_in(user):
    """As `pages.signed_in`, and freshly."""
    client = pages.signed_in(user)
    session = client.session
    session[entering.PROVED_AT] = timezone.now().timestamp()
    session.save()
    return client


def text(client, tab):
    return client.get(ME, {"tab": tab}).content.decode()


def removal(factor):
    return f"/admin/me/second-factor/{factor.id}/remove/"


def test_a_stranger_is_sent_to_the_sign_in():
    for path in (ME, ADD, CODES, CONFIRM):
        assert Client().get(path)["Location"].startswith("/admin/login/")


def test_a_service_user_has_none():
    assert pages.signed_in(people.agent()).get(ME).status_code == 302


@pytest.mark.parametrize("role", list(PortalRole))
@pytest.mark.parametrize("tab", TABS)
def test_it_draws_for_every_role_at_few_queries(role, tab):
    person = people.person(role=role)
    factors.with_app(person)
    for _ in range(12):
        open_session(person)
    client = pages.signed_in(person)
    with CaptureQueriesContext(connection) as found:
        assert client.get(ME, {"tab": tab}).status_code == 200
    assert len(found) <= MOST_QUERIES, [query["sql"][:120] for query in found]


def test_the_history_is_ones_own_with_who_where_and_correlation_id():
    admin = people.person()
    person, other = people.person(of=admin.tenant, role=PortalRole.READ_ONLY), people.person(of=admin.tenant)
    services.set_role(person, role=PortalRole.ANALYST, actor=actor_of(admin))
    services.set_role(other, role=PortalRole.AUDITOR, actor=people.SYSTEM)
    client = Client(REMOTE_ADDR="198.51.100.7", headers={"X-Correlation-ID": "seen-on-the-page-1"})
    client.post("/admin/login/", {"username": person.email, "password": people.PASSWORD})
    shown = text(client, "history")
    for words in ("User role changed", "READ_ONLY → ANALYST", admin.email, "User signed in", "seen-on-the-page-1"):
        assert words in shown
    assert "AUDITOR" not in shown


def test_the_history_is_read_in_pages():
    person = people.person()
    for number in range(45):
        services.change_user(person, first_name=f"Name{number:02}", actor=people.SYSTEM)
    client = pages.signed_in(person)
    first = text(client, "history")
    assert "Name42" in first
    assert "Name01" not in first
    before = first.split("before=")[1].split('"')[0]
    later = client.get(ME, {"tab": "history", "before": before}).content.decode()
    assert "Name01" in later
    assert "Name42" not in later
    assert client.get(ME, {"tab": "history", "before": "x' OR 1"}).status_code == 200


def test_one_session_or_all_of_them_end_and_never_somebody_elses():
    person, other = people.person(), people.person()
    mine, theirs = [open_session(person) for _ in range(3)], open_session(other)
    client = pages.signed_in(person)
    end = "/admin/me/sessions/end/"
    client.post(end, {"session": str(theirs.family)})
    client.post(end, {"session": "nonsense"})
    assert other.refresh_tokens.open().count() == 1
    assert person.refresh_tokens.open().count() == 3
    client.post(end, {"session": str(mine[0].family)})
    assert person.refresh_tokens.open().count() == 2
    assert client.get(end).status_code == 405
    client.post(end)
    assert person.refresh_tokens.open().count() == 0
    assert AuditEvent.objects.filter(type="user.signed_out", subject_id=str(person.pk)).exists()


def test_who_signed_in_a_while_ago_is_asked_for_the_password_first():
    person = people.person()
    factors.with_app(person)
    client = pages.signed_in(person)
    for path in (ADD, CODES, removal(second_factor.factors(person)[0])):
        for answer in (client.get(path), client.post(path, {"code": "000000"})):
            assert answer["Location"].startswith(CONFIRM)
    assert len(second_factor.factors(person)) == 1
    assert client.post(CONFIRM, {"password": "Wrong-Password-9"}).status_code == 422
    assert client.get(ADD).status_code == 302
    assert client.post(f"{CONFIRM}?next={ADD}", {"password": people.PASSWORD})["Location"] == ADD
    assert client.get(ADD).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.get(ADD).status_code == 302


def test_guesses_of_the_password_there_are_counted_as_at_the_sign_in():
    person = people.person()
    client = pages.signed_in(person)
    codes = [client.post(CONFIRM, {"password": "Wrong-Password-9"}).status_code for _ in range(11)]
    assert codes[0] == 422
    assert codes[-1] == 429


def test_confirming_does_not_lead_out_of_the_house():
    person = people.person()
    sent = pages.signed_in(person).post(f"{CONFIRM}?next=https://evil.example/", {"password": people.PASSWORD})
    assert sent["Location"] == "/admin/"


def test_an_app_is_set_up_with_its_first_code_and_the_recovery_codes_are_shown_once():
    person = people.person()
    client = signed_in(person)
    app = factors.App(client.get(ADD).context["seed"])
    assert client.post(ADD, {"code": app.wrong()}).status_code == 422
    assert client.get(ADD).context["seed"].replace(" ", "") == app.seed
    with factors.one_moment():
        done = client.post(ADD, {"code": app.code(-1)})
    codes = done.context["codes"]
    assert len(codes) == 10
    assert "Authenticator app" in text(client, "second-factor")
    shown = "".join(text(client, tab) for tab in TABS)
    assert not [code for code in codes if code in shown]
    assert app.seed not in str(client.get(ADD).context["seed"])


def test_a_second_factor_is_removed_on_ones_own_page():
    person, other = people.person(), people.person()
    factors.with_app(person)
    factors.with_app(other)
    client = signed_in(person)
    assert client.post(removal(second_factor.factors(other)[0])).status_code == 404
    assert client.get(removal(second_factor.factors(person)[0])).status_code == 200
    client.post(removal(second_factor.factors(person)[0]))
    assert not second_factor.factors(person)
    assert second_factor.factors(other)


def test_the_last_one_is_not_removed_where_one_is_required(settings):
    person = people.person()
    factors.with_app(person)
    settings.STEWARD_SECOND_FACTOR = "required"
    answer = signed_in(person).post(removal(second_factor.factors(person)[0]))
    assert answer.status_code == 422
    assert "add another" in answer.content.decode()


def test_new_recovery_codes_are_shown_once():
    person = people.person()
    client = signed_in(person)
    assert client.post(CODES).status_code == 422
    factors.with_app(person)
    assert len(client.post(CODES).context["codes"]) == 10


def test_switched_off_there_is_nothing_to_set_up(settings):
    settings.STEWARD_SECOND_FACTOR = "off"
    client = signed_in(people.person())
    assert client.get(ADD).status_code == 404
    assert "Switched off" in text(client, "second-factor")


def test_an_admin_resets_somebody_elses_with_a_reason_and_within_their_reach():
    admin = people.person()
    colleague = people.person(of=admin.tenant, role=PortalRole.ANALYST)
    wide = people.person(of=admin.tenant, role=PortalRole.AUDITOR)
    for person in (admin, colleague, wide):
        factors.with_app(person)
    client = pages.signed_in(admin)
    for person in (admin, wide):
        assert client.post(pages.command(person, "second-factor"), {"reason": "Lost."}).status_code == 403
        assert second_factor.factors(person)
    reader = pages.signed_in(people.person(of=admin.tenant, role=PortalRole.ANALYST))
    assert reader.post(pages.command(colleague, "second-factor"), {"reason": "Lost."}).status_code == 403
    assert client.post(pages.command(colleague, "second-factor"), {"reason": ""}).status_code == 422
    assert client.post(pages.command(colleague, "second-factor"), {"reason": "Lost.", "once": "a"}).status_code == 302
    assert not second_factor.factors(colleague)


def test_who_has_none_is_found_by_who_governs_and_told_to_nobody_else():
    admin = people.person()
    bare, proved = people.person(of=admin.tenant), people.person(of=admin.tenant)
    factors.with_app(proved)
    found = {"second_factor": "none"}
    shown = pages.signed_in(admin).get(pages.listing(people.User), found).content.decode()
    assert bare.email in shown
    assert proved.email not in shown
    assert ">app<" in pages.signed_in(admin).get(pages.page(proved)).content.decode()
    reader = pages.signed_in(people.person(of=admin.tenant, role=PortalRole.READ_ONLY))
    assert proved.email in reader.get(pages.listing(people.User), found).content.decode()
    assert ">app<" not in reader.get(pages.page(proved)).content.decode()
