"""What holds for every page: the base, the duty, the number of queries, escaping, and who may press what."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.access.matrix import MATRIX, may
from identities.admin.base import CommandAdmin
from identities.admin.site import site
from identities.people.models import PortalRole
from tests.cases import named
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
MODELS = sorted(site._registry, key=lambda model: model.__name__)
ADMINS = [site._registry[model] for model in MODELS]
MOST_QUERIES = 12
READERS = (PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR)
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def ours(made_once):
    return pages.estate("harbour")


@pytest.mark.parametrize("admin", ADMINS, ids=str)
def test_every_page_stands_on_the_one_base_with_a_row_in_the_matrix(admin):
    assert isinstance(admin, CommandAdmin)
    assert admin.read_duty in MATRIX
    assert all(command.duty in MATRIX for command in (*admin.buttons, *filter(None, [admin.creation])))


def test_a_list_costs_few_queries_however_long_it_is(ours):
    for number in range(12):
        pages.estate(f"more{number}")
    people.User.objects.filter(pk=ours.person.pk).update(is_platform_admin=True)
    client = pages.signed_in(ours.person)
    client.post("/admin/tenant/", {"tenant": "every"})
    asked = {}
    for model in MODELS:
        cache.clear()  # each page is drawn as by a process that has drawn none
        with named(model.__name__), CaptureQueriesContext(connection) as found:
            assert client.get(pages.listing(model)).status_code == 200
        asked[model.__name__] = [query["sql"][:120] for query in found]
    assert {name: queries for name, queries in asked.items() if len(queries) > MOST_QUERIES} == {}


def test_the_overview_costs_few_queries(ours):
    for number in range(3):
        pages.estate(f"more{number}")
    people.User.objects.filter(pk=ours.person.pk).update(is_platform_admin=True)
    client = pages.signed_in(ours.person)
    client.post("/admin/tenant/", {"tenant": "every"})
    with CaptureQueriesContext(connection) as found:
        assert client.get("/admin/").status_code == 200
    assert len(found) <= MOST_QUERIES, [query["sql"][:120] for query in found]


@pytest.mark.parametrize("role", list(PortalRole))
def test_every_page_and_tab_draws_for_every_role(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    hidden = {"AuditEvent", "AuthorizationDecision"}
    for row in ours.rows:
        response = client.get(pages.page(row))
        is_hidden = type(row).__name__ in hidden and role in {PortalRole.READ_ONLY, PortalRole.ANALYST}
        assert response.status_code in ({403, 404} if is_hidden else {200}), row
        for tab in [] if is_hidden else response.context["page"].tabs:
            assert client.get(pages.page(row, tab.key)).status_code == 200, (row, tab.key)


@pytest.mark.parametrize("role", READERS)
def test_who_only_reads_presses_nothing(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    for model, admin in site._registry.items():
        if admin.creation is None or not may(role, admin.creation.duty):
            assert client.get(pages.adding(model)).status_code == 403
            assert client.post(pages.adding(model), {"name": "x"}).status_code == 403
        row = next((row for row in ours.rows if isinstance(row, model)), None)
        for button in admin.buttons if row is not None else ():
            item = ours.secret.pk if button.item else ""
            sent = client.post(pages.command(row, button.key, item), {"reason": "x"})
            assert sent.status_code in {403, 404}, (row, button.key)


@pytest.mark.parametrize("role", READERS)
def test_who_only_reads_is_shown_no_button(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    for row in (ours.identity, ours.schedule, ours.role, ours.person, ours.workflow):
        assert client.get(pages.page(row)).context["ways"] == []


@pytest.mark.parametrize("verb", ["delete", "history"])
def test_djangos_own_ways_to_change_are_closed(ours, verb):
    client = pages.signed_in(ours.person)
    for row in ours.rows:
        address = pages.page(row).replace("/change/", f"/{verb}/")
        assert client.post(address, {"post": "yes"}).status_code in {302, 403}, row
        assert client.post(pages.page(row), {"name": "changed"}).status_code == 403
        assert type(row).objects.filter(pk=row.pk).exists()


def test_there_is_no_bulk_action(ours):
    client = pages.signed_in(ours.person)
    for model in MODELS:
        client.post(pages.listing(model), {"action": "delete_selected", "_selected_action": "1", "post": "yes"})
    assert all(type(row).objects.filter(pk=row.pk).exists() for row in ours.rows)


def test_names_are_escaped_on_every_page():
    evil = pages.estate(EVIL.replace("/", "|")[:20])
    people.Team.objects.filter(pk=evil.team.pk).update(name=EVIL)
    type(evil.identity).objects.filter(pk=evil.identity.pk).update(
        name=EVIL, purpose=EVIL, description=EVIL, business_owner_label=EVIL, tags={EVIL: EVIL}
    )
    type(evil.schedule).objects.filter(pk=evil.schedule.pk).update(name=EVIL, paused_reason=EVIL)
    client = pages.signed_in(evil.person)
    addresses = ["/admin/", *(pages.listing(model) for model in MODELS), *(pages.page(row) for row in evil.rows)]
    for address in [*addresses, pages.page(evil.identity, "timeline"), pages.page(evil.identity, "runs")]:
        assert "<script>alert" not in client.get(address).content.decode(), address


def test_an_unknown_id_of_any_shape_is_a_404(ours):
    client = pages.signed_in(ours.person)
    for row in ours.rows:
        prefix = pages.page(row).split("/change/")[0].rsplit("/", 1)[0]
        for strange in ("0", "not-an-id", "99999999999999999999999", "_5F_5F"):
            assert client.get(f"{prefix}/{strange}/change/").status_code == 404


def test_lists_say_what_to_do_next_when_they_are_empty():
    client = pages.signed_in(people.person())
    for model, admin in site._registry.items():
        rows = client.get(pages.listing(model))
        if not rows.context["cl"].result_count:
            assert admin.empty_list.title in rows.content.decode()


def test_a_search_without_a_hit_offers_the_way_back(ours):
    client = pages.signed_in(ours.person)
    text = client.get(f"{pages.listing(type(ours.identity))}?q=nothing-like-it").content.decode()
    assert "Nothing matches" in text
