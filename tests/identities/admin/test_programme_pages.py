"""The programme's pages: who reads them, what they cost, and that a number and the list it opens never differ."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.access.principal import Principal
from identities.admin import number_links
from identities.admin.scope import Scope
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from identities.programme import selectors, services
from identities.programme.arithmetic import Number
from identities.programme.catalogue import MEASURES
from identities.programme.measure import Unit
from identities.programme.models import DailySnapshot
from identities.programme.slices import Slice, narrowed
from tests.cases import named
from tests.factories import estates, pages, people, runs

pytestmark = pytest.mark.django_db
MOST_OVERVIEW, MOST_PROGRAMME = 13, 12


@pytest.fixture(scope="module")
def at():
    return timezone.now()


@pytest.fixture(scope="module")
def ours(made_once, at):
    return estates.varied(at)


def scope_of(user):
    return Scope(user, Principal.person(user), (), user.tenant)


def rows_behind(client, address):
    """How many rows the list at `address` has, and that none of its filters was refused."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.get("Location"))
    if "cl" in (answer.context or {}):
        return answer.context["cl"].result_count
    return answer.context["count"]


@pytest.mark.parametrize("narrow", ["whole", "team"])
def test_each_number_opens_a_list_of_just_so_many_rows(ours, at, narrow):
    slice_ = Slice(frozenset({ours.tenant.pk}), team_id=ours.harbour.pk if narrow == "team" else None)
    numbers = selectors.numbers_of(slice_, timezone.now())
    client, scope = pages.signed_in(ours.owner), scope_of(ours.owner)
    for key in sorted(key for key, measure in MEASURES.items() if measure.listed):
        with named(key):
            opens_just_so_many(client, scope, slice_, numbers[key])


def opens_just_so_many(client, scope, slice_, number):
    measure = number.measure
    address = number_links.address(measure, measure.query, slice_, scope)
    if not address:
        assert number.value is None or slice_.team_id, "only what knows no team has no list for one"
        return
    assert rows_behind(client, address) == number.listed
    gap = number_links.gap_of(number, slice_, scope)
    if measure.unit is Unit.SHARE:
        assert (gap is None) is (not number.missing)
    if gap is not None:
        assert rows_behind(client, gap.href) == number.missing


def test_the_numbers_of_an_application_open_its_rows(ours, at):
    slice_ = Slice(frozenset({ours.tenant.pk}), application="payroll")
    client, scope = pages.signed_in(ours.owner), scope_of(ours.owner)
    for number in selectors.numbers_of(slice_, at).values():
        address = number_links.address(number.measure, number.measure.query, slice_, scope)
        if number.value is not None and number.measure.listed in {"identities"} | {
            measure.listed for measure in MEASURES.values() if measure.listed.startswith("reports/")
        }:
            assert rows_behind(client, address) == number.listed, (number, address)


def test_who_may_not_report_or_read_the_audit_gets_no_link_there(ours):
    reader = scope_of(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    slice_ = Slice(frozenset({ours.tenant.pk}))
    for key in ("unmanaged", "tokens_today", "violations"):
        assert number_links.address(MEASURES[key], MEASURES[key].query, slice_, reader) == ""
    assert number_links.address(MEASURES["red"], "number=red", slice_, reader)


@pytest.mark.parametrize("role", list(PortalRole))
def test_everybody_reads_the_overview_and_the_programme(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    for address in ("/admin/", "/admin/programme/", "/admin/policy/"):
        assert client.get(address).status_code == 200


def test_a_stranger_reads_none_of_it(client):
    for address in (
        "/admin/programme/",
        "/admin/policy/",
        "/admin/policy/edit/",
        "/admin/reports/",
        "/admin/reports/friday/",
    ):
        assert client.get(address).status_code == 302


def test_the_overview_costs_few_queries_with_and_without_a_snapshot(ours, at):
    client = pages.signed_in(ours.owner)
    for _ in range(2):
        with CaptureQueriesContext(connection) as found:
            assert client.get("/admin/").status_code == 200
        assert len(found) <= MOST_OVERVIEW, [query["sql"][:120] for query in found]
        services.take_snapshots(at)


def test_the_programme_costs_few_queries(ours, at):
    services.take_snapshots(at)
    client = pages.signed_in(ours.owner)
    for query in ("", f"?team={ours.harbour.pk}"):
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/admin/programme/{query}").status_code == 200
        assert len(found) <= MOST_PROGRAMME, [query["sql"][:120] for query in found]


def test_the_overview_is_narrowed_to_a_team_and_never_to_a_foreign_one(ours, at):
    theirs = estates.varied(at)
    client = pages.signed_in(ours.owner)
    assert client.get(f"/admin/?team={ours.harbour.pk}").context["team"] == ours.harbour
    assert client.get(f"/admin/?team={theirs.harbour.pk}").context["team"] is None
    assert str(theirs.harbour.pk) not in client.get("/admin/").content.decode()
    assert client.get("/admin/?team=nonsense%00").status_code == 200


def test_what_is_not_known_says_so_and_is_no_nought(ours):
    text = pages.signed_in(ours.owner).get("/admin/programme/").content.decode()
    assert "Known once review campaigns have been held." in text
    assert number_links.written(Number("anomalous", None)) == "not known"
    assert number_links.written(Number("owned", 0, 0)) == "–"
    assert number_links.written(Number("owned", None)) == "not known"


def test_growth_without_owners_is_said_on_the_overview(ours, at):
    services.take_snapshots(at)
    row = DailySnapshot.objects.get(tenant=ours.tenant, team=None)
    numbers = {**row.numbers, "total": [4, None, None], "owned": [3, 4, None]}
    day = (at - timedelta(days=29)).date()
    DailySnapshot.objects.create(tenant=ours.tenant, day=day, numbers=numbers, taken_at=at - timedelta(days=29))
    text = pages.signed_in(ours.owner).get("/admin/").content.decode()
    assert "The estate grows faster than its ownership" in text
    assert "in 29 days" in text


def test_the_charts_say_the_same_in_words_and_in_a_table(ours, at):
    services.take_snapshots(at)
    text = pages.signed_in(ours.owner).get("/admin/").content.decode()
    assert '<desc id="triage-desc">' in text
    assert "<summary>As a table</summary>" in text


def test_a_number_is_written_as_a_person_reads_it():
    assert number_links.duration(0) == "0 s"
    assert number_links.duration(93_784) == "1 d 2 h"
    assert number_links.duration(59.6) == "1 min"
    assert number_links.written(Number("rotation_age", 60.5, 4)) == "60.5 d"
    assert number_links.written(Number("total", 1234567)) == "1,234,567"


def test_the_numbers_of_a_workflow_open_its_rows(ours, at):
    bots = list(ManagedIdentity.objects.filter(tenant=ours.tenant).exclude(state="retired").order_by("pk")[:2])
    running = runs.workflow(of=ours.tenant, key="wf-pilot")
    runs.schedule(running=running, managed_identity_id=bots[0].pk)
    node = {**runs.SAY_HELLO, "managedIdentityId": str(bots[1].pk), "secretReference": runs.REFERENCE}
    type(running).objects.filter(pk=running.pk).update(nodes=[node])
    slice_ = narrowed(frozenset({ours.tenant.pk}), workflow="wf-pilot")
    client, scope = pages.signed_in(ours.owner), scope_of(ours.owner)
    found = selectors.numbers_of(slice_, at)
    assert found["total"].value == 2
    for number in (found["total"], found["findings"]):
        address = number_links.address(number.measure, number.measure.query, slice_, scope)
        assert rows_behind(client, address) == number.value
    page = client.get("/admin/programme/", {"workflow": "wf-pilot"})
    assert '<option value="wf-pilot" selected>' in page.content.decode()
