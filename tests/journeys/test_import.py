"""A newcomer's first hour: an export is uploaded, its preview read, applied, and every row explains itself."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audit.models import AuditEvent
from identities.discovery.models import ImportRow, ImportRun, SourceRecord
from identities.inventory.models import ManagedIdentity
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
CANARY = "canary-7c1f-value-that-must-not-stay"
ROWS = [
    {"Name": "night-sync", "Environment": "production", "Purpose": "Copies orders.", "Owner": "ANN@example.com"},
    {"Name": "old-report", "Environment": "", "Purpose": "", "Owner": "somebody in finance"},
    {"Name": "", "Environment": "production", "Purpose": "Nobody knows.", "Owner": ""},
]


def export(*rows: dict[str, str]) -> SimpleUploadedFile:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["Name", "Environment", "Purpose", "Owner", "API secret"])
    writer.writeheader()
    writer.writerows({**row, "API secret": CANARY} for row in rows)
    return SimpleUploadedFile("our bots.csv", text.getvalue().encode())


def upload(client, *rows: dict[str, str]) -> ImportRun:
    values = {"kind": "csv", "files": [export(*rows)], "source": "spreadsheet"}
    assert client.post(pages.adding(ImportRun), values).status_code == 302
    return ImportRun.objects.order_by("-created_at")[0]


def apply(client, run: ImportRun) -> ImportRun:
    client.post(pages.command(run, "apply"), {})
    run.refresh_from_db()
    assert run.state == "applied", run.error
    return run


def test_an_export_is_uploaded_previewed_applied_and_sent_again():
    admin = people.person()
    ann = people.person(of=admin.tenant, email="ann@example.com")
    client = pages.signed_in(admin)

    run = upload(client, *ROWS)
    assert run.counts["new"] == 2
    assert "night-sync" in client.get(pages.page(run, "new")).content.decode()
    assert "row 4" in client.get(pages.page(run, "dropped")).content.decode()
    assert not ManagedIdentity.objects.filter(tenant=admin.tenant).exists()

    apply(client, run)
    synced = ManagedIdentity.objects.get(name="night-sync")
    unknown = ManagedIdentity.objects.get(name="old-report")
    assert synced.technical_owner == ann
    assert (unknown.technical_owner, unknown.technical_owner_label) == (None, "somebody in finance")
    assert {synced.triage, unknown.triage} <= {"red", "amber"}
    assert all(row.triage_reasons for row in (synced, unknown))
    listed = client.get(f"{pages.listing(ManagedIdentity)}?source={synced.reported_by[0]}").content.decode()
    assert "night-sync" in listed
    assert synced.reported_by[0] in client.get(pages.page(synced, "sources")).content.decode()

    before = (synced.updated_at, AuditEvent.objects.filter(subject_kind="identity").count())
    again = apply(client, upload(client, *ROWS))
    assert again.counts["unchanged"] == 2
    synced.refresh_from_db()
    assert (synced.updated_at, AuditEvent.objects.filter(subject_kind="identity").count()) == before

    last = apply(client, upload(client, ROWS[0]))
    unknown.refresh_from_db()
    assert last.counts["vanished"] == 1
    assert unknown.state == "active"
    assert unknown.unreported_since is not None
    assert timezone.now() - unknown.unreported_since < timedelta(minutes=5)

    kept: list[object] = [*ImportRow.objects.values(), *ImportRun.objects.values(), *SourceRecord.objects.values()]
    kept += [*ManagedIdentity.objects.values(), *AuditEvent.objects.values()]
    assert CANARY not in str(kept)
