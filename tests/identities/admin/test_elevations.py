"""The pages of elevations and break-glass: who may press what, what they say, how few queries they cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.access.models import Role
from identities.approvals import services as approvals
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def tenant():
    return people.tenant()


@pytest.fixture
def somebody(tenant):
    def make(role: PortalRole = PortalRole.ADMIN):
        return people.person(of=tenant, role=role, created_at=timezone.now() - timedelta(days=9))

    return make


@pytest.fixture
def admin(somebody):
    return somebody()


@pytest.fixture
def browser(admin):
    return pages.signed_in(admin)


@pytest.fixture
def owner(somebody):
    return somebody(PortalRole.ANALYST)


@pytest.fixture
def bot(tenant, owner) -> ManagedIdentity:
    return tokens.identity(of=tenant, risk_tier="high", technical_owner=owner, technical_owner_label=owner.email)


@pytest.fixture
def role(tenant) -> Role:
    return Role.objects.create(tenant=tenant, name="ledger-writer", permissions=["schedule.write"])


def text(browser, row, tab: str = "") -> str:
    answer = browser.get(pages.page(row, tab))
    assert answer.status_code == 200
    return answer.content.decode()


def ask(browser, bot, role, owner, model=Elevation, **more):
    values = {
        "identity": str(bot.pk),
        "role": str(role.pk),
        "minutes": "30",
        "justification": "A payment hangs",
        "owner": str(owner.pk),
        "ticket": "OPS-1",
        **more,
    }
    answer = browser.post(pages.adding(model), values, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:3000]
    return model.objects.get()


def approve(row, *people_):
    for person in people_:
        row.refresh_from_db()
        approvals.approve(row.approval, reason="right", actor=actor_of(person))
    row.refresh_from_db()


@pytest.mark.parametrize("role_", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_only_reads_asks_for_nothing(somebody, role_, bot, role):
    browser = pages.signed_in(somebody(role_))
    for model in (Elevation, BreakGlassGrant):
        assert browser.get(pages.listing(model)).status_code == 200
        assert browser.post(pages.adding(model), {}).status_code == 403
    assert "Elevate" not in browser.get(pages.page(bot, "access")).content.decode()


def test_an_elevation_is_asked_for_approved_seen_to_run_and_ended(somebody, browser, admin, owner, bot, role):
    form = browser.get(f"{pages.adding(Elevation)}?identity={bot.pk}").content.decode()
    assert str(bot.pk) in form
    row = ask(browser, bot, role, admin)
    assert "waits for approval" in text(browser, row)
    assert browser.get(pages.command(row, "end")).status_code == 302
    approve(row, owner, somebody())
    shown = text(browser, row)
    assert "Runs for another" in shown
    assert pages.page(row.binding) in shown
    assert pages.page(row.approval) in shown
    assert pages.page(row) in text(browser, bot, "access")
    browser.post(pages.command(row, "end"), {"reason": "Done"}, follow=True)
    assert "ended early" in text(browser, row)


def test_a_stranger_to_it_among_the_analysts_ends_nothing(somebody, browser, admin, owner, bot, role):
    row = ask(browser, bot, role, admin)
    other = pages.signed_in(somebody(PortalRole.ANALYST))
    assert other.post(pages.command(row, "cancel"), {"reason": "x"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "asked"
    browser.post(pages.command(row, "cancel"), {"reason": "It works again"})
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_break_glass_is_armed_used_shouted_replaced_and_reviewed(somebody, browser, admin, owner, bot, role):
    user, second = somebody(PortalRole.ANALYST), somebody()
    ends = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    row = ask(browser, bot, role, user, BreakGlassGrant, valid_until=ends)
    approve(row, owner, second)
    theirs, strangers = pages.signed_in(user), pages.signed_in(somebody(PortalRole.ANALYST))
    values = {"reason": "The ledger stands", "is_confirmed": "on"}
    assert strangers.post(pages.command(row, "use"), values).status_code == 403
    assert theirs.post(pages.command(row, "use"), {"reason": "x"}).status_code == 422
    used = theirs.post(pages.command(row, "use"), values, follow=True).content.decode()
    assert "The glass is broken" in used
    assert "In use." in used
    assert "Break-glass on" in browser.get("/admin/").content.decode()
    theirs.post(pages.command(row, "end"), {"reason": "It goes again"})
    row.refresh_from_db()
    row.rotation = {"state": "by_hand", "text": "It rests in no vault."}
    row.save()
    assert theirs.post(pages.command(row, "review"), {"text": "fine"}).status_code == 403
    refused = browser.post(pages.command(row, "review"), {"text": "fine"}).content.decode()
    assert "rotated by hand" in refused
    browser.post(pages.command(row, "rotated"), {"note": "New one at the host"})
    browser.post(pages.command(row, "review"), {"text": "Two payments taken back"})
    row.refresh_from_db()
    assert (row.state, row.reviewed_by) == ("closed", admin.email)
    assert "Two payments taken back" in text(browser, row)
    assert "Break-glass on" not in browser.get("/admin/").content.decode()


def test_the_pages_cost_few_queries(browser, admin, owner, bot, role, somebody):
    ends = (timezone.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    rows = [
        ask(browser, bot, role, admin),
        ask(browser, bot, role, somebody(PortalRole.ANALYST), BreakGlassGrant, valid_until=ends),
    ]
    for address in [*(pages.page(row) for row in rows), *(pages.listing(type(row)) for row in rows)]:
        with CaptureQueriesContext(connection) as found:
            assert browser.get(address).status_code == 200
        assert len(found) <= MOST_QUERIES, [query["sql"][:150] for query in found]
    with CaptureQueriesContext(connection) as found:
        browser.get(pages.page(bot, "access"))
    assert len(found) <= 16, [query["sql"][:150] for query in found]


@pytest.mark.parametrize("state", ["live", "ending", "asked", "over", "ended", "nonsense"])
def test_every_filter_draws(browser, state):
    assert browser.get(f"{pages.listing(Elevation)}?state={state}").status_code == 200


@pytest.mark.parametrize("state", ["used", "review", "armed", "ending", "asked", "expired", "nonsense"])
def test_every_filter_of_break_glass_draws(browser, state):
    assert browser.get(f"{pages.listing(BreakGlassGrant)}?state={state}").status_code == 200
