"""Who gets into the admin, how, and what is recorded of it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from audit.models import AuditEvent
from identities.admin.scope import SESSION_KEY
from identities.people import tries
from identities.people.models import PortalRole, Tenant
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
INDEX, LOGIN = "/admin/", "/admin/login/"


def sign_in(email: str, password: str = people.PASSWORD) -> tuple[Client, int]:
    client = Client()
    response = client.post(LOGIN, {"username": email, "password": password, "next": INDEX})
    return client, response.status_code


def test_a_stranger_is_sent_to_the_sign_in():
    response = Client().get(INDEX)
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN)


def test_a_service_user_is_refused_with_the_right_password():
    agent = people.agent(role=PortalRole.ADMIN)
    client, status = sign_in(agent.email)
    assert status == 200
    assert client.get(INDEX).status_code == 302


def test_a_service_user_with_a_session_is_still_refused():
    client = pages.signed_in(people.agent(role=PortalRole.ADMIN))
    assert client.get(INDEX).status_code == 302
    assert client.get("/admin/identities/managedidentity/").status_code == 302


def test_a_disabled_person_is_refused():
    person = people.person(is_active=False)
    assert sign_in(person.email)[1] == 200


@pytest.mark.parametrize("who", ["unknown", "wrong", "agent"])
def test_every_refusal_reads_the_same(who):
    agent, person = people.agent(), people.person()
    email = {"unknown": "nobody@example.com", "wrong": person.email, "agent": agent.email}[who]
    password = people.PASSWORD if who == "agent" else "not the password"
    response = Client().post(LOGIN, {"username": email, "password": password})
    assert b"do not go together, or this account may not sign in here" in response.content


@pytest.mark.parametrize("role", list(PortalRole))
def test_people_of_every_role_come_in_by_e_mail_however_it_is_written(role):
    person = people.person(role=role)
    client, status = sign_in(person.email.upper())
    assert status == 302
    assert client.get(INDEX).status_code == 200


def test_a_sign_in_and_a_refusal_are_recorded_without_the_password():
    person = people.person()
    sign_in(person.email)
    sign_in(person.email, "Wrong-Password-9")
    found = list(AuditEvent.objects.filter(subject_id=str(person.pk)).order_by("id"))
    assert [event.type for event in found] == ["user.signed_in", "user.sign_in_refused"]
    assert "Wrong-Password-9" not in str([event.as_record() for event in found])


def test_who_must_choose_a_password_gets_nowhere_else():
    person = people.person(must_reset_password=True)
    client, _ = sign_in(person.email)
    assert client.get(INDEX)["Location"] == "/admin/password_change/"
    new = "Quite-New-Words-7"
    sent = client.post("/admin/password_change/", {"current": people.PASSWORD, "password": new, "again": new})
    assert sent.status_code == 302
    assert client.get(INDEX).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "again"),
    [
        ("Wrong-1-Wrong", "Quite-New-Words-7", "Quite-New-Words-7"),
        (people.PASSWORD, "short", "short"),
        (people.PASSWORD, "Quite-New-Words-7", "other"),
    ],
)
def test_a_password_is_not_changed_by_a_wrong_form(current, new, again):
    person = people.person()
    client = pages.signed_in(person)
    sent = client.post("/admin/password_change/", {"current": current, "password": new, "again": again})
    assert sent.status_code == 422
    person.refresh_from_db()
    assert person.check_password(people.PASSWORD)


def test_whoever_sits_at_an_open_session_does_not_find_out_the_password_by_trying():
    person = people.person()
    client, new = pages.signed_in(person), "Quite-New-Words-7"

    def change(current):
        return client.post("/admin/password_change/", {"current": current, "password": new, "again": new})

    for _ in range(tries.FAILURES_OF_AN_ACCOUNT):
        assert "This is not the current password." in change("Wrong-1-Wrong").content.decode()
    assert "Too many failed sign-ins from here" in change(people.PASSWORD).content.decode()
    person.refresh_from_db()
    assert person.check_password(people.PASSWORD)
    event = AuditEvent.objects.filter(type="user.sign_in_refused").latest("id")
    assert (event.reason, event.details["source"]) == ("wrong_current_password", "password_change")


def test_the_switch_opens_on_the_demo_while_it_is_loaded():
    admin = people.platform_admin()
    client = pages.signed_in(admin)
    assert client.get(INDEX).context["scope"].chosen == admin.tenant
    demo = Tenant.objects.create(name="DEMO", slug="demo", is_demo=True)
    response = client.get(INDEX)
    assert response.context["scope"].chosen == demo
    assert b"DEMO</span>" in response.content


def test_the_switch_looks_at_another_tenant_and_goes_back():
    admin, other = people.platform_admin(), people.tenant()
    client = pages.signed_in(admin)
    sent = client.post("/admin/tenant/", {"tenant": str(other.pk), "back": "/admin/identities/team/"})
    assert sent["Location"] == "/admin/identities/team/"
    assert client.get(INDEX).context["scope"].chosen == other


def test_the_switch_does_not_lead_out_of_the_house():
    client = pages.signed_in(people.platform_admin())
    assert client.post("/admin/tenant/", {"tenant": "every", "back": "https://evil.example/"})["Location"] == INDEX


def test_nobody_else_has_the_switch():
    admin, other = people.person(), people.tenant()
    client = pages.signed_in(admin)
    client.post("/admin/tenant/", {"tenant": str(other.pk)})
    assert SESSION_KEY not in client.session
    assert client.get(INDEX).context["scope"].chosen == admin.tenant


def test_a_session_cannot_smuggle_a_tenant_in():
    admin, other = people.person(), people.tenant()
    client = pages.signed_in(admin)
    session = client.session
    session[SESSION_KEY] = str(other.pk)
    session.save()
    assert client.get(INDEX).context["scope"].chosen == admin.tenant


def test_djangos_own_log_holds_nothing():
    client = pages.signed_in(people.person())
    client.post(pages.adding(people.Team), {"name": "Night shift", "once": "a"})
    assert people.Team.objects.filter(name="Night shift").exists()
    assert not LogEntry.objects.exists()


def test_pages_are_never_kept_by_a_cache():
    assert "no-store" in pages.signed_in(people.person()).get(INDEX)["Cache-Control"]


def test_the_sidebar_opens_the_group_of_the_page_and_keeps_what_waits_on_top():
    body = pages.signed_in(people.person()).get(pages.listing(people.Team)).content.decode()
    side = body[body.index('id="nav-sidebar-apps"') :]
    opened = [piece.split('"', 1)[0] for piece in side.split('data-group="')[1:] if '" open>' in piece[:60]]
    assert opened == ["Organisation"]
    assert side.index("Waiting for you") < side.index("Register")
