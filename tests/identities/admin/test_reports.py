"""The pages of the reports: for whom, what they show, page by page and as files."""

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.admin import reports as report_pages
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from identities.programme.reports.base import kinds, reports
from identities.programme.reports.privileged import Privileged
from identities.programme.slices import Slice
from tests.factories import estates, pages, people, tokens

pytestmark = pytest.mark.django_db
NAMES = [kind.name for kind in reports()]
MOST_QUERIES = 12


@pytest.fixture
def ours():
    return estates.varied(timezone.now())


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_may_not_report_sees_none_and_no_way_to_them(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    assert client.get("/admin/reports/").status_code == 403
    assert client.get("/admin/reports/friday/").status_code == 403
    assert b'href="/admin/reports/' not in client.get("/admin/").content


def test_an_unknown_report_is_a_404(ours):
    assert pages.signed_in(ours.owner).get("/admin/reports/no-such/").status_code == 404


def test_all_of_them_are_listed_with_why_they_matter(ours):
    analyst = people.person(of=ours.tenant, role=PortalRole.ANALYST)
    text = pages.signed_in(analyst).get("/admin/reports/").content.decode()
    for kind in reports():
        assert kind.title in text.replace("&#x27;", "'")


@pytest.mark.parametrize("name", NAMES)
def test_each_draws_within_a_few_queries_and_shows_nothing_foreign(ours, name):
    estates.varied(timezone.now())
    client = pages.signed_in(ours.owner)
    with CaptureQueriesContext(connection) as found:
        answer = client.get(f"/admin/reports/{name}/?team={ours.harbour.pk}")
    assert answer.status_code == 200
    assert len(found) <= MOST_QUERIES, [query["sql"][:120] for query in found]
    everything = client.get(f"/admin/reports/{name}/")
    foreign = ManagedIdentity.objects.exclude(tenant=ours.tenant)
    assert not any(str(row.pk) in everything.content.decode() for row in foreign)


def test_a_long_report_has_pages(ours):
    for _ in range(60):
        tokens.identity(of=ours.tenant)
    client = pages.signed_in(ours.owner)
    first = client.get("/admin/reports/unclear-owner/")
    assert first.context["count"] == 63
    assert "Page 1 of 2" in first.content.decode()
    last = client.get(first.context["next"])
    assert len(last.context["table"].rows) == 13
    assert client.get("/admin/reports/unclear-owner/?p=nonsense").status_code == 200
    assert client.get("/admin/reports/unclear-owner/?p=99999").status_code == 200


def test_a_file_has_every_row_and_is_recorded(ours):
    client = pages.signed_in(ours.owner)
    answer = client.get("/admin/reports/unclear-owner/?format=csv")
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 4
    assert AuditEvent.objects.get(type="export.made").details["rows"] == 3


def test_a_report_of_identities_leads_to_the_list_of_the_same(ours):
    client = pages.signed_in(ours.owner)
    page = client.get(f"/admin/reports/unclear-owner/?team={ours.night.pk}")
    listed = client.get(page.context["ways"][0].href)
    assert listed.context["cl"].result_count == page.context["count"] == 2


def test_names_are_escaped(ours):
    evil = "<script>alert(1)</script>"
    ManagedIdentity.objects.filter(pk=ours.identities["unowned"].pk).update(
        name=evil, business_owner_label=evil, application=evil, data_classification=evil[:60], reported_by=[evil]
    )
    client = pages.signed_in(ours.owner)
    for name in NAMES:
        assert "<script>alert" not in client.get(f"/admin/reports/{name}/").content.decode()
    assert "<script>alert" not in client.get("/admin/programme/").content.decode()


def test_pages_end_where_counting_does_and_say_so(ours, monkeypatch):
    for number in range(60):
        tokens.identity(of=ours.tenant, name=f"further {number:02}")
    client = pages.signed_in(ours.owner)
    whole = {name: client.get(f"/admin/reports/{name}/") for name in NAMES}
    monkeypatch.setattr(report_pages, "MOST", 55)
    monkeypatch.setattr(report_pages, "PAGE", 10)
    for name, answer in whole.items():
        capped, count = client.get(f"/admin/reports/{name}/"), answer.context["count"]
        assert capped.context["count"] == min(count, 55), name
        assert capped.context["said"] == ("55+" if count > 55 else str(count)), name
        assert ("The pages end after" in capped.content.decode()) == (count > 55), name
    last = client.get("/admin/reports/unclear-owner/?p=99")
    assert len(last.context["table"].rows) == 5


@pytest.mark.parametrize("name", NAMES)
def test_its_pages_hold_the_rows_of_its_file_in_the_same_order(ours, name):
    for number in range(7):
        tokens.identity(of=ours.tenant, name=f"further {number}")
    report = kinds[name](Slice(frozenset({ours.tenant.pk})), timezone.now())
    expected = [line.cells for line in report.every_line(1000)]
    keys = report.keys(1000)
    assert len(keys) == len(expected) == report.count()
    found = [line.cells for start in range(0, len(keys), 3) for line in report.page(start, start + 3, keys)]
    assert found == expected
    assert len(report.keys(2)) == min(2, len(expected))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="an index that only PostgreSQL has")
def test_the_score_of_the_privileged_is_that_of_its_index(ours):
    scored = Privileged(Slice(None), timezone.now())._scored().values("pk")[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    assert "identity_exposure" in scored.explain()
