"""The pages of service users: who may press what, what the list and the page say, and what they cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.admin.service_user_forms import BEHAVIOURS
from identities.admin.service_user_rows import REASONS
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.people.models import PortalRole, RefreshToken, User
from identities.people.refresh_reasons import RefreshReason
from identities.people.services import create_user
from identities.people.sign_in import open_session
from identities.service_users.models import RefreshIncident, ServiceUser
from identities.vaults.models import VaultConnection
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12
TABS = ("about", "sessions", "incidents", "timeline")


@pytest.fixture
def admin():
    return people.person(email="ada@aegis.example")


@pytest.fixture
def agent(admin):
    return make(admin, "reports-agent@aegis.example")


@pytest.fixture
def browser(admin):
    return pages.signed_in(admin)


def make(admin, email, **facts) -> User:
    given = {"role": "ANALYST", "password": "Th1sIsAStrong!Pass", "first_name": "Reports", "last_name": "Agent"} | facts
    user = create_user(tenant=admin.tenant, email=email, is_agent=True, actor=actor_of(admin), **given)
    return ServiceUser.objects.get(pk=user.pk)


def incident(user, *, reason="token-invalidated", **metadata) -> RefreshIncident:
    at = timezone.now() - timedelta(hours=2)
    event = AuditEvent.objects.order_by("-pk").first()
    return RefreshIncident.objects.create(
        tenant=user.tenant, user=user, event=event.uuid, reason=reason, metadata=metadata, failed_at=at
    )


def press(browser, user, key, **values):
    seen = browser.get(pages.command(user, key)).context["seen"]
    return browser.post(pages.command(user, key), {"seen": seen, **values})


def text_of(response) -> str:
    assert response.status_code in {200, 422}
    return response.content.decode()


# refused


@pytest.mark.parametrize("role", [role for role in PortalRole if role is not PortalRole.ADMIN])
def test_who_does_not_govern_presses_nothing(admin, agent, role):
    browser = pages.signed_in(people.person(of=admin.tenant, role=role))
    page = browser.get(pages.page(agent))
    assert not page.context["ways"]
    assert browser.get(pages.adding(ServiceUser)).status_code == 403
    assert "End all sessions" not in text_of(browser.get(pages.page(agent, "sessions")))
    for key in ("role", "password", "tokens", "force-reset", "end-sessions", "disable"):
        assert browser.post(pages.command(agent, key), {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("role", list(PortalRole))
def test_every_tab_draws_for_every_role(admin, agent, role):
    open_session(agent)
    incident(agent, cause="replayed")
    browser = pages.signed_in(people.person(of=admin.tenant, role=role))
    for tab in browser.get(pages.page(agent)).context["page"].tabs:
        assert browser.get(pages.page(agent, tab.key)).status_code == 200


def test_a_stranger_and_a_person_have_no_page_here(admin, agent, browser):
    stranger = pages.signed_in(people.person())
    assert stranger.get(pages.page(agent)).status_code == 404
    assert browser.get(pages.page(ServiceUser.objects.get(pk=admin.pk))).status_code == 404
    assert admin.email not in text_of(browser.get(pages.listing(ServiceUser))).split("</nav>")[-1]


def test_a_form_that_does_not_fit_makes_nothing(browser):
    form = {"email": "reports@aegis.example", "role": "READ_ONLY", "first": "show"}
    assert "-agent@" in text_of(browser.post(pages.adding(ServiceUser), form))
    form = {"email": "reports-agent@aegis.example", "role": "READ_ONLY", "first": "vault"}
    assert text_of(browser.post(pages.adding(ServiceUser), form)).count("Say where they go.") == 2
    assert not ServiceUser.objects.filter(is_agent=True).exists()


# made


def test_the_form_holds_the_table_of_what_an_agent_does_and_begins_with_the_narrowest(browser):
    shown = browser.get(pages.adding(ServiceUser))
    text = text_of(shown)
    assert all(does in text and role.value in text for role, does, _ in BEHAVIOURS)
    assert {role for role, _, _ in BEHAVIOURS} == set(PortalRole)
    assert shown.context["form"]["role"].value() == "READ_ONLY"
    assert "Use sparingly" in text


def test_a_service_user_is_made_with_its_row_and_its_password_is_shown_once(admin, browser):
    form = {"email": "Sync-Agent@Aegis.example", "role": "READ_ONLY", "first": "show", "first_name": "Sync"}
    shown = browser.post(pages.adding(ServiceUser), form)
    made = ServiceUser.objects.get(email="sync-agent@aegis.example")
    assert made.is_agent
    assert made.check_password(shown.context["shown"].text)
    assert not made.must_reset_password
    assert made.register_row.technical_owner == admin
    assert shown.context["shown"].text not in text_of(browser.get(pages.page(made)))


def test_its_tokens_can_go_straight_into_a_vault_and_nothing_is_shown(admin, browser):
    vault = VaultConnection.objects.get(tenant=None)
    form = {
        "email": "sync-agent@aegis.example", "role": "READ_ONLY", "first": "vault", "vault": str(vault.pk),
        "secret_name": "sync-agent/tokens",
    }  # fmt: skip
    answer = browser.post(pages.adding(ServiceUser), form)
    made = ServiceUser.objects.get(email="sync-agent@aegis.example")
    assert answer.status_code == 302
    assert RefreshToken.objects.open().filter(user=made).count() == 1


# changed and stopped


def test_the_commands_do_what_they_say(agent, browser):
    open_session(agent)
    assert press(browser, agent, "role", role="READ_ONLY", reason="Less.").status_code == 302
    assert press(browser, agent, "edit", email=agent.email, first_name="Papers").status_code == 302
    assert press(browser, agent, "end-sessions").status_code == 302
    assert not RefreshToken.objects.open().filter(user=agent).exists()
    assert press(browser, agent, "force-reset", reason="Leaked?").status_code == 302
    assert press(browser, agent, "disable", reason="Over.").status_code == 302
    agent.refresh_from_db()
    assert (agent.role, agent.must_reset_password, agent.is_active) == ("READ_ONLY", True, False)
    assert ManagedIdentity.objects.get(account=agent).state == "disabled"
    assert press(browser, agent, "enable", reason="Back.").status_code == 302
    assert ManagedIdentity.objects.get(account=agent).state == "active"


def test_one_that_is_quarantined_in_the_register_is_let_out_there(admin, agent, browser):
    row = ManagedIdentity.objects.get(account=agent)
    quarantine(row, reason="odd", actor=actor_of(admin))
    shown = browser.get(pages.page(agent))
    assert "Enable" not in {way.label for way in shown.context["ways"]}
    assert "It is quarantined in the register." in text_of(shown)
    assert pages.page(row) in text_of(shown)


def test_admin_for_a_machine_is_said_to_be_used_sparingly(admin, browser):
    strong = make(admin, "root-agent@aegis.example", role="ADMIN")
    assert "Use sparingly" in text_of(browser.get(pages.page(strong)))
    assert "Use sparingly" in text_of(browser.get(pages.command(strong, "role")))


# what is said


def test_every_reason_of_a_failed_refresh_is_said_in_words():
    assert set(REASONS) == {reason.value for reason in RefreshReason}


def test_a_failing_session_shows_in_the_list_and_on_every_tab(agent, browser):
    incident(agent, cause="reset-forced")
    at = timezone.now()
    User.objects.filter(pk=agent.pk).update(refresh_invalidated_at=at, refresh_invalidated_reason="token-invalidated")
    listed = text_of(browser.get(pages.listing(ServiceUser)))
    assert "failing" in listed
    assert "tab=incidents" in listed
    for tab in TABS:
        assert "Its session cannot be refreshed." in text_of(browser.get(pages.page(agent, tab)))
    assert "a new password was asked for" in text_of(browser.get(pages.page(agent, "incidents")))


def test_sessions_say_how_often_they_were_refreshed_and_what_ended_them(agent, browser):
    open_session(agent)
    shown = text_of(browser.get(pages.page(agent, "sessions")))
    assert all(words in shown for words in ("goes on", "End all sessions", "Tokens to a vault"))
    press(browser, agent, "end-sessions")
    assert "signed out" in text_of(browser.get(pages.page(agent, "sessions")))


def test_an_account_that_calls_itself_an_agent_and_is_none_is_pointed_out(admin, browser):
    assert "calls itself an agent" not in text_of(browser.get(pages.listing(ServiceUser)))
    create_user(tenant=admin.tenant, email="travel-agent@aegis.example", actor=actor_of(admin))
    assert "1 account calls itself an agent" in text_of(browser.get(pages.listing(ServiceUser)))


NOW = ("session=none", "replaced=none", "triage=amber", "role=ANALYST", "o=6.-5", "q=reports")
NEVER = ("session=failing", "session=on", "session=disabled", "replaced=going", "triage=red", "role=ADMIN")


@pytest.mark.parametrize("query", [*NOW, *NEVER])
def test_filters_and_orders_answer(agent, browser, query):
    found = f"{agent.email}" in text_of(browser.get(f"{pages.listing(ServiceUser)}?{query}"))
    assert found is (query in NOW)


def test_no_page_and_no_file_shows_the_hash_of_a_password(agent, browser):
    kept = User.objects.get(pk=agent.pk).password
    row = ManagedIdentity.objects.get(account=agent)
    exported = f"{pages.listing(ServiceUser)}export/?format=csv"
    for address in (pages.listing(ServiceUser), *(pages.page(agent, tab) for tab in TABS), pages.page(row, "account")):
        assert kept not in text_of(browser.get(address))
    assert kept not in b"".join(browser.get(exported)).decode()


# what they cost


def test_the_list_and_every_tab_cost_few_queries(admin, agent, browser):
    for number in range(12):
        other = make(admin, f"task{number}-agent@aegis.example")
        open_session(other)
        incident(other)
    open_session(agent)
    for address in (pages.listing(ServiceUser), *(pages.page(agent, tab) for tab in TABS)):
        with CaptureQueriesContext(connection) as found:
            assert browser.get(address).status_code == 200
        assert len(found) <= MOST_QUERIES, (address, [query["sql"][:120] for query in found])


# people beside them


def test_people_and_service_users_do_not_mix(admin, agent, browser):
    listed = text_of(browser.get(pages.listing(User)))
    assert agent.email not in listed
    assert "1 service user has a page of its own." in listed
    person = User.objects.get(pk=agent.pk)
    for address in (pages.page(person), pages.command(person, "disable")):
        assert browser.get(address).url == pages.page(agent)
    stranger = pages.signed_in(people.person())
    assert stranger.get(pages.page(person)).status_code == 404


def test_a_person_is_not_made_with_the_address_of_a_service_user(browser):
    form = {"email": "sync-agent@aegis.example", "role": "READ_ONLY"}
    assert "make it under Service users" in text_of(browser.post(pages.adding(User), form))
    assert not User.objects.filter(email=form["email"]).exists()


def test_its_row_in_the_register_has_a_tab_of_the_account_and_no_button_for_a_secret(agent, browser):
    row = ManagedIdentity.objects.get(account=agent)
    assert pages.page(agent) in text_of(browser.get(pages.page(row, "account")))
    shown = browser.get(pages.page(row))
    assert {way.label for way in shown.context["ways"]}.isdisjoint({"Issue secret", "Rotate", "Add key"})
    for tab in shown.context["page"].tabs:
        assert browser.get(pages.page(row, tab.key)).status_code == 200
    assert "Its password is its credential" in text_of(browser.get(pages.page(row, "credentials")))
    assert "Portal role ANALYST" in text_of(browser.get(pages.page(row, "layers")))
    other = ManagedIdentity.objects.create(tenant=row.tenant, name="plain", client_id="plain")
    assert "account" not in [tab.key for tab in browser.get(pages.page(other)).context["page"].tabs]
