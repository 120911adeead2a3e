"""A secret in a file ends there: planted wherever a vendor's export holds one, it is in no table, log or answer.

The planted values look like nothing (no prefix that a pattern knows), so only the place where they stand can give them
away; they are looked for as they are, in Base64 and as part of an address.
"""

import json
import logging
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from openpyxl import Workbook

from identities.discovery.models import ImportRow, ImportRun
from tests.factories import pages, people, planted_files, planted_platforms, register
from tests.factories.plants import Plants

pytestmark = pytest.mark.django_db


EXPORTS = {
    "credential report": ("aws-credential-report", planted_files.credential_report),
    "keys": ("aws-iam", planted_platforms.aws_iam),
    "users": ("aws-iam", planted_platforms.aws_users),
    "secrets of AWS": ("aws-secrets", planted_platforms.aws_secrets),
    "cluster": ("kubernetes", planted_platforms.kubernetes),
    "directory": ("entra", planted_platforms.entra),
    "tokens of GitHub": ("github", planted_platforms.github),
    "secrets of GitHub": ("github", planted_platforms.github_secrets),
    "applications of Okta": ("okta", planted_platforms.okta),
    "clients of Keycloak": ("keycloak", planted_platforms.keycloak),
    "key file": ("gcp", planted_files.gcp),
    "keys of Google": ("gcp", planted_files.gcp_keys),
    "gitleaks": ("secret-scan", planted_files.gitleaks),
    "TruffleHog": ("secret-scan", planted_files.trufflehog),
    "state": ("terraform-state", planted_files.terraform),
    "table": ("csv", planted_files.table),
    "password manager": ("password-manager", planted_files.passwords),
    "metadata of a vault": ("vault-list", planted_files.vault_metadata),
}


def everything_stored() -> str:
    """Every row of every table, texts as they stand there."""
    with connection.cursor() as cursor:
        kept: list[str] = []
        for table_name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table_name}"')
            kept += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(kept)


@pytest.mark.parametrize("name", EXPORTS)
def test_what_was_planted_in_an_export_is_nowhere_afterwards(name, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    register.tenant()
    kind, make = EXPORTS[name]
    plant = Plants()
    made = make(plant)
    path = tmp_path / "export.json"
    path.write_text(made if isinstance(made, str) else json.dumps(made))
    call_command("import_identities", kind, str(path), "--dry-run")
    call_command("import_identities", kind, str(path), json=True)
    assert ImportRun.objects.filter(state="applied").exists()
    assert ImportRow.objects.exists()
    assert plant.found_in(everything_stored()) == []
    assert plant.found_in(caplog.text + "".join(capfd.readouterr())) == []


def test_what_was_planted_in_an_upload_is_in_no_page_and_no_temporary_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    admin = people.person()
    client = pages.signed_in(admin)
    plant = Plants()
    for number, (kind, make) in enumerate(EXPORTS.values()):
        made = make(plant)
        text = made if isinstance(made, str) else json.dumps(made)
        file = SimpleUploadedFile(f"export-{number}.json", text.encode())
        client.post(pages.adding(ImportRun), {"kind": kind, "files": [file], "source": f"s{number}"})
        run = ImportRun.objects.order_by("-created_at")[0]
        shown = [client.get(pages.page(run, tab)).content.decode() for tab in ("new", "dropped", "about")]
        client.post(pages.command(run, "apply"), {})
        shown.append(client.get(pages.page(run, "new")).content.decode())
        assert plant.found_in("".join(shown)) == [], kind
    assert plant.found_in(everything_stored()) == []
    assert not list(Path(tmp_path).iterdir())


def test_a_workbook_keeps_to_the_same(tmp_path):
    register.tenant()
    plant = Plants()
    book = Workbook()
    sheet = book.active
    sheet.append(["name", "API key", "Notes"])
    sheet.append(["bot", plant(), plant()])
    book.save(tmp_path / "bots.xlsx")
    call_command("import_identities", "csv", str(tmp_path / "bots.xlsx"))
    assert plant.found_in(everything_stored()) == []
