"""The programme over the API: null is not known, foreign teams are refused, files are recorded."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from audit.models import AuditEvent
from identities.people.models import PortalRole
from identities.programme import services
from identities.programme.catalogue import MEASURES
from tests.factories import estates, pages, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return estates.varied(timezone.now())


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.owner)


def numbers(client, query=""):
    answer = client.get(f"/api/programme/numbers{query}")
    assert answer.status_code == 200, answer.content
    return {number["key"]: number for number in answer.json()["numbers"]}


def whole(answer):
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_may_not_report_reads_no_report(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    assert client.get("/api/reports").status_code == 403
    assert client.get("/api/reports/friday?format=csv").status_code == 403
    assert client.get("/api/programme/numbers").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "numbers?team=nonsense",
        "numbers?days=3",
        "numbers?application=a%00b",
        "trend?days=0",
        "trend?days=367",
        "trend?application=payroll",
    ],
)
def test_what_does_not_fit_is_a_400(client, query):
    assert client.get(f"/api/programme/{query}").status_code == 400


def test_a_foreign_team_is_no_team(client):
    theirs = estates.varied(timezone.now())
    answer = client.get(f"/api/programme/numbers?team={theirs.harbour.pk}")
    assert answer.status_code == 400
    assert answer.json()["errors"] == {"team": ["There is no such team."]}


def test_every_number_comes_with_its_words_and_null_for_what_is_not_known(ours, client):
    services.take_snapshots(timezone.now())
    found = numbers(client)
    assert len(found) == len(MEASURES)
    assert found["owned"] | {"help": ""} == {
        "key": "owned", "label": "Owned", "help": "", "group": "ownership", "unit": "share", "value": 4.0, "of": 7,
        "unknown": None, "percent": 57.1, "parts": {}, "list": "identities", "query": "number=owned",
        "gapQuery": "number=unowned",
    }  # fmt: skip
    assert found["recertified"]["value"] is None
    assert found["violations"]["parts"] == {"production": 1, "unknown": 1}


def test_a_team_and_an_application_have_their_own(ours, client):
    services.take_snapshots(timezone.now())
    assert numbers(client, f"?team={ours.harbour.pk}")["total"]["value"] == 3
    assert numbers(client, "?application=payroll")["total"]["value"] == 2
    assert numbers(client, "?workflow=wf-nobody-knows")["total"]["value"] == 0


def test_the_trend_has_a_day_for_each_that_was_kept(ours, client):
    at = timezone.now()
    for back in (40, 2, 1, 0):
        services.take_snapshots(at - timedelta(days=back))
    days = client.get("/api/programme/trend?days=30").json()["days"]
    assert [day["day"] for day in days] == [str((at - timedelta(days=back)).date()) for back in (2, 1, 0)]
    assert days[-1]["numbers"]["owned"] == 57.1
    assert days[-1]["numbers"]["anomalous"] is None


def test_reports_are_listed_and_read_page_by_page(ours, client):
    listed = client.get("/api/reports").json()["results"]
    assert "unclear-owner" in {report["name"] for report in listed}
    page = client.get("/api/reports/unclear-owner?pageSize=2&page=2").json()
    assert (page["count"], page["page"], len(page["rows"])) == (3, 2, 1)
    assert page["columns"][0] == "Identity"


def test_an_unknown_report_is_a_404_and_anothers_option_a_400(client):
    assert client.get("/api/reports/no-such").status_code == 404
    assert client.get("/api/reports/friday?life=short").status_code == 400
    assert client.get("/api/reports/live-tokens?life=eternal").status_code == 400
    assert client.get("/api/reports/friday?format=pdf").status_code == 400


def test_a_file_is_safe_and_recorded(ours, client):
    type(ours.identities["unowned"]).objects.filter(pk=ours.identities["unowned"].pk).update(name="=cmd|calc")
    answer = client.get("/api/reports/unclear-owner?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    rows = list(csv.reader(StringIO(whole(answer).decode("utf-8-sig"))))
    assert len(rows) == 4
    assert "'=cmd|calc" in {row[0] for row in rows}
    event = AuditEvent.objects.get(type="export.made")
    assert (event.subject_id, event.details["rows"], event.details["format"]) == ("reports/unclear-owner", 3, "csv")
    assert event.tenant_id == ours.tenant.pk


def test_a_report_can_be_had_for_a_spreadsheet(client):
    answer = client.get("/api/reports/unclear-owner?format=xlsx")
    assert load_workbook(BytesIO(whole(answer))).active.max_row == 4
    answer.close()
