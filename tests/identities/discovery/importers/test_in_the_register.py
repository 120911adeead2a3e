"""Exports on their whole way: from the file into the register, and again."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from identities.credentials.models import ExternalCredential
from identities.discovery.models import ImportRun, SourceRecord
from identities.inventory.models import ManagedIdentity
from tests.factories import register
from tests.identities.discovery.importers.exports import CANARY, written
from tests.identities.discovery.importers.test_entra import application, principal
from tests.identities.discovery.importers.test_github import installation
from tests.identities.discovery.importers.test_kubernetes import HIDDEN, account, listed, secret, token

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tenant():
    register.tenant()


def imported(kind: str, *files: Path, source: str = "") -> dict[str, int]:
    """What the import counted, without what was nothing."""
    call_command("import_identities", kind, *map(str, files), source=source)
    run = ImportRun.objects.latest("created_at")
    return {name: number for name, number in run.counts.items() if isinstance(number, int) and number}


def everything_stored() -> str:
    """All tables as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += cursor.fetchall()
    return repr(rows)


def test_the_same_name_in_two_clusters_is_two_identities(tmp_path):
    path = written(tmp_path, "accounts.json", listed(account()))
    imported("kubernetes", path, source="one")
    imported("kubernetes", path, source="two")
    found = {tuple(identity.reported_by) for identity in ManagedIdentity.objects.all()}
    assert found == {("kubernetes/one",), ("kubernetes/two",)}


def test_a_file_of_tokens_alone_finds_the_account_and_takes_nothing_away(tmp_path):
    imported("kubernetes", written(tmp_path, "accounts.json", listed(account(), account("other"))), source="one")
    imported("kubernetes", written(tmp_path, "secrets.json", listed(token())), source="one")
    assert ManagedIdentity.objects.count() == 2
    assert ExternalCredential.objects.get().identity.name == "shop/billing"
    assert not SourceRecord.objects.filter(gone_at__isnull=False).exists()


def test_the_same_file_twice_changes_nothing(tmp_path):
    for kind, content in {
        "kubernetes": listed(account(), token(), secret("db")),
        "entra": [principal(passwordCredentials=[{"keyId": "k"}])],
        "github": [installation()],
    }.items():
        path = written(tmp_path, f"{kind}.json", content)
        imported(kind, path)
        assert set(imported(kind, path)) <= {"unchanged"}


def test_an_application_and_its_service_principal_in_two_imports_are_one_identity(tmp_path):
    imported("entra", written(tmp_path, "apps.json", [application(passwordCredentials=[{"keyId": "k"}])]))
    imported("entra", written(tmp_path, "sps.json", [principal()]))
    identity = ManagedIdentity.objects.get()
    assert SourceRecord.objects.filter(identity=identity).count() == 2


def test_no_secret_of_a_file_is_anywhere_afterwards(tmp_path, caplog, capsys):
    imported("kubernetes", written(tmp_path, "all.json", listed(account(), token(), secret("db"))))
    imported(
        "entra", written(tmp_path, "sp.json", [principal(passwordCredentials=[{"keyId": "k", "secretText": CANARY}])])
    )
    said = capsys.readouterr()
    everywhere = everything_stored() + caplog.text + said.out + said.err
    assert CANARY not in everywhere
    assert HIDDEN not in everywhere
    assert ExternalCredential.objects.exclude(exposed_in="").count() == 3
