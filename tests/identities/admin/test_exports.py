"""Every list leaves as a file: what is filtered is what is in it, nothing foreign, nothing that runs, all recorded."""

import csv
from io import BytesIO, StringIO

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from audit.models import AuditEvent
from identities.admin.pages import name_of
from identities.admin.site import site
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Team
from identities.programme import sheets
from tests.cases import named
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
MODELS = sorted(site._registry, key=lambda model: model.__name__)


@pytest.fixture
def ours():
    return pages.estate("harbour")


def address(model, query=""):
    return f"{reverse(name_of(model, 'export'))}?format=csv{query}"


def rows_of(answer):
    assert answer.status_code == 200, answer
    return list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_may_not_export_gets_no_file_and_no_button(ours, role):
    client = pages.signed_in(people.person(of=ours.tenant, role=role))
    for model in MODELS:
        assert client.get(address(model)).status_code == 403, model
    assert b"Export</summary>" not in client.get(pages.listing(Team)).content
    assert not AuditEvent.objects.filter(type="export.made").exists()


def test_a_stranger_is_sent_to_the_sign_in(ours):
    assert Client().get(address(Team)).status_code == 302


def test_every_list_exports_its_rows_and_no_foreign_one(ours):
    pages.estate("ZEBRA")
    client = pages.signed_in(ours.person)
    for model in MODELS:
        with named(model.__name__):
            listed = client.get(pages.listing(model))
            rows = rows_of(client.get(address(model)))
            # Asking for the file is an event itself.
            more = 1 if model is AuditEvent else 0
            assert len(rows) - 1 == listed.context["cl"].result_count + more
            assert len({len(row) for row in rows}) == 1
            assert "zebra" not in str(rows).lower()
            assert b"Export</summary>" in listed.content


def test_a_file_holds_what_the_filters_leave(ours):
    client = pages.signed_in(ours.person)
    assert len(rows_of(client.get(address(ManagedIdentity, "&state=disabled")))) == 1
    assert len(rows_of(client.get(address(ManagedIdentity, "&state=active")))) == 2
    assert len(rows_of(client.get(address(Team, "&q=no-such-team")))) == 1


def test_what_is_no_filter_leads_back_to_the_list(ours):
    client = pages.signed_in(ours.person)
    answer = client.get(address(ManagedIdentity, "&business_owner__password=a"))
    assert answer.status_code in {302, 400}


def test_a_name_that_a_spreadsheet_would_run_does_not_run(ours):
    for number, name in enumerate(("=1+1", "@x", "+1", "-1", "\t=1")):
        Team.objects.create(tenant=ours.tenant, name=f"{name}{number}")
    client = pages.signed_in(ours.person)
    for row in rows_of(client.get(address(Team))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)
    answer = client.get(address(Team).replace("csv", "xlsx"))
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    answer.close()
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(str(cell.value).startswith("'=") for cell in cells)


def test_an_export_is_recorded_with_its_filters_before_it_is_read(ours):
    client = pages.signed_in(ours.person)
    client.get(address(ManagedIdentity, "&state=active"))
    event = AuditEvent.objects.get(type="export.made")
    assert event.details == {"query": "state=active", "rows": 1, "format": "csv"}
    assert (event.subject_id, event.tenant_id) == ("identities.managedidentity", ours.tenant.pk)


def test_a_file_ends_at_its_limit_and_says_so(ours, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    for number in range(5):
        Team.objects.create(tenant=ours.tenant, name=f"team {number}")
    answer = pages.signed_in(ours.person).get(address(Team))
    assert "first-2" in answer["Content-Disposition"]
    assert len(rows_of(answer)) == 3


def test_no_file_holds_a_secret(ours):
    client = pages.signed_in(ours.person)
    for model in MODELS:
        text = str(rows_of(client.get(address(model))))
        assert ours.secret.digest not in text
        assert "md5$" not in text
