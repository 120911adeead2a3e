"""The way out on pages: the wizard of a service user, the list, the page of one, and what it costs to look."""

from datetime import timedelta
from typing import Any, cast

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.policies.models import AuthorizationDecision
from identities.service_users.models import Replacement, ServiceUser
from identities.vaults import services as vaults
from tests.factories import pages, people, register
from tests.factories.replacements import begun, did, moved_over

pytestmark = pytest.mark.django_db
MOST_QUERIES = 13
REASON = "We stop using passwords."


@pytest.fixture
def agent() -> ServiceUser:
    made = people.agent(of=people.tenant("Harbour"))
    did(made, "identity.read", times=2)
    did(made, "schedule.run", kind="schedule")
    did(made, "govern", kind="user")
    return cast("ServiceUser", ServiceUser.objects.get(pk=made.pk))


@pytest.fixture
def browser(agent: ServiceUser) -> Client:
    return pages.signed_in(people.person(of=agent.tenant))


def form_of(browser: Client, row: Any, key: str) -> dict[str, Any]:
    """What the form would send as it stands."""
    page = browser.get(pages.command(row, key))
    assert page.status_code == 200
    initial = page.context["form"].initial
    return {**initial, "seen": page.context["seen"], "once": page.context["once"], "reason": REASON}


def text_of(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", ["READ_ONLY", "ANALYST", "AUDITOR"])
def test_who_does_not_govern_neither_begins_nor_looks(agent: ServiceUser, role: str) -> None:
    row = begun(agent).replacement
    reader = pages.signed_in(people.person(of=agent.tenant, role=role))
    assert reader.get(pages.command(agent, "migrate")).status_code == 403
    assert reader.get(pages.listing(Replacement)).status_code == 403
    assert reader.get(pages.page(row)).status_code == 403
    page = text_of(reader, pages.page(agent))
    assert "Migrate to a managed identity" not in page
    assert pages.page(row) not in text_of(reader, pages.page(agent, "way-out"))
    assert pages.page(row) not in text_of(reader, pages.page(row.identity, "replacement"))


def test_another_tenants_replacement_is_none(agent: ServiceUser) -> None:
    row = begun(agent).replacement
    stranger = pages.signed_in(people.person())
    assert stranger.get(pages.page(row)).status_code == 404
    assert stranger.get(pages.command(agent, "migrate")).status_code == 404
    assert agent.email not in text_of(stranger, pages.listing(Replacement))


def test_the_wizard_shows_the_plan_before_anything_is_made(agent: ServiceUser, browser: Client) -> None:
    page = text_of(browser, pages.command(agent, "migrate"))
    assert "Seeing or changing people and service users: open to people and service users only." in page
    assert "Used 2 times." in page
    assert "every schedule of the tenant" in page
    form = form_of(browser, agent, "migrate")
    assert form["permissions"] == ["identity.read", "schedule.run"]
    assert not ManagedIdentity.objects.exists()


def test_it_begins_and_the_secret_is_shown_once(agent: ServiceUser, browser: Client) -> None:
    sent = {**form_of(browser, agent, "migrate"), "secret": "show", "name": "reports"}
    answer = browser.post(pages.command(agent, "migrate"), sent)
    assert answer.status_code == 200
    row = Replacement.objects.select_related("identity").get()
    assert (row.identity.name, row.reason) == ("reports", REASON)
    shown = answer.content.decode()
    assert "nhi_" in shown
    assert row.identity.client_id in shown
    assert "nhi_" not in text_of(browser, pages.page(row))
    again = browser.post(pages.command(agent, "migrate"), sent)
    assert again.status_code == 302
    assert Replacement.objects.count() == 1


def test_straight_into_a_vault_nobody_sees_it(agent: ServiceUser, browser: Client) -> None:
    vault = vaults.ensure_default()
    sent = {**form_of(browser, agent, "migrate"), "secret": "vault", "vault": vault.pk, "secret_name": "reports"}
    answer = browser.post(pages.command(agent, "migrate"), sent)
    assert answer.status_code == 302
    secret = Replacement.objects.get().identity.secrets.get()
    assert secret.stored_at is not None


def test_by_hand_other_permissions_are_given(agent: ServiceUser, browser: Client) -> None:
    sent = {**form_of(browser, agent, "migrate"), "secret": "show", "permissions": ["run.read"]}
    browser.post(pages.command(agent, "migrate"), sent)
    row = Replacement.objects.get()
    assert row.permissions == ["run.read"]
    agreed = text_of(browser, pages.page(row, "agreed"))
    assert "identity.read: left out of the role by choice." in agreed


def test_an_idle_account_is_warned_of(browser: Client, agent: ServiceUser) -> None:
    idle = ServiceUser.objects.get(pk=people.agent(of=agent.tenant).pk)
    assert "the role would be empty" in text_of(browser, pages.command(idle, "migrate"))
    assert form_of(browser, idle, "migrate")["permissions"] == []


def test_what_does_not_fit_is_said_beside_its_field(agent: ServiceUser, browser: Client) -> None:
    sent = {**form_of(browser, agent, "migrate"), "secret": "show", "quiet_hours": 100, "overdue_days": 2}
    answer = browser.post(pages.command(agent, "migrate"), sent)
    assert answer.status_code == 422
    assert "overdue_days" in answer.context["form"].errors


def test_the_links_lead_both_ways(agent: ServiceUser, browser: Client) -> None:
    made = begun(agent)
    row, identity = made.replacement, made.identity
    for page in (pages.page(agent, "way-out"), pages.page(row), pages.page(identity, "replacement")):
        text = text_of(browser, page)
        assert agent.email in text
        assert identity.name in text
    assert pages.page(row) in text_of(browser, pages.page(agent, "way-out"))
    assert pages.page(agent) in text_of(browser, pages.page(identity))
    assert pages.page(identity) in text_of(browser, pages.page(row))
    assert "Migrate to a managed identity" not in text_of(browser, pages.page(agent))


def test_an_identity_that_replaces_nobody_has_no_such_tab(agent: ServiceUser, browser: Client) -> None:
    plain = register.identity(agent.tenant)
    assert "Replaces" not in [tab.label for tab in browser.get(pages.page(plain)).context["page"].tabs]


def test_what_is_in_use_is_warned_of_and_ends_only_by_a_tick(agent: ServiceUser, browser: Client) -> None:
    made = begun(agent)
    row = made.replacement
    Replacement.objects.update(begun_at=timezone.now() - timedelta(hours=1))
    moved_over(made)
    assert "would be shut out" in text_of(browser, pages.command(row, "finish"))
    assert "Somebody has moved over" in text_of(browser, pages.command(row, "cancel"))
    refused = browser.post(pages.command(row, "finish"), {"reason": REASON})
    assert refused.status_code == 422
    assert User.objects.get(pk=agent.pk).is_active
    done = browser.post(pages.command(row, "finish"), {"reason": REASON, "force": "on"})
    assert done.status_code == 302
    assert not User.objects.get(pk=agent.pk).is_active
    assert "moved" in text_of(browser, pages.page(row))


def test_taking_it_back_says_what_became_of_both(agent: ServiceUser, browser: Client) -> None:
    row = begun(agent).replacement
    assert browser.post(pages.command(row, "cancel"), {"reason": REASON}).status_code == 302
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert User.objects.get(pk=agent.pk).is_active
    assert "Migrate to a managed identity" in text_of(browser, pages.page(agent))


def test_what_the_identity_was_refused_stands_there(agent: ServiceUser, browser: Client) -> None:
    made = begun(agent)
    assert "was refused" not in text_of(browser, pages.page(made.replacement))
    AuthorizationDecision.objects.create(
        tenant_id=agent.tenant_id, actor_kind="identity", actor_id=str(made.identity.pk), permission="report.read",
        machine_permission="report.read", resource_kind="report", outcome="deny", stage="api",
    )  # fmt: skip
    page = text_of(browser, pages.page(made.replacement))
    assert "What the identity was refused" in page
    assert "report.read" in page


@pytest.mark.parametrize("late", ["yes", "no"])
def test_the_list_finds_what_is_late(agent: ServiceUser, browser: Client, late: str) -> None:
    begun(agent)
    Replacement.objects.update(overdue_at=timezone.now() - timedelta(hours=1))
    found = text_of(browser, f"{pages.listing(Replacement)}?late={late}")
    assert (agent.email in found) is (late == "yes")


def test_pages_cost_few_queries(agent: ServiceUser, browser: Client) -> None:
    made = begun(agent)
    other = ServiceUser.objects.get(pk=people.agent(of=agent.tenant).pk)
    did(other, "identity.read", times=30)
    looked_at = [
        pages.listing(Replacement),
        *(pages.page(made.replacement, tab) for tab in ("way", "agreed", "timeline")),
        pages.page(agent, "way-out"),
        pages.page(made.identity, "replacement"),
    ]
    text_of(browser, looked_at[0])
    for address in looked_at:
        with CaptureQueriesContext(connection) as found:
            text_of(browser, address)
        assert len(found) <= MOST_QUERIES, (address, [query["sql"][:150] for query in found])
    with CaptureQueriesContext(connection) as found:
        text_of(browser, pages.command(other, "migrate"))
    assert len(found) <= MOST_QUERIES, [query["sql"][:150] for query in found]
