"""Imports by the API: what is refused, what comes back, what is applied."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from identities.discovery.models import ImportRun
from identities.discovery.records import Dropped
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import imports, register
from tests.factories.imports import Mouth, record, unreadable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def tenant():
    return register.tenant()


@pytest.fixture
def client(tenant):
    return register.client_of(register.person(tenant))


def send(client, *said, **members):
    Mouth.says = list(said)
    body = {"kind": "paper", "file": [SimpleUploadedFile("export.json", b"{}")], **members}
    return client.post("/api/imports", {k: v for k, v in body.items() if v is not None}, format="multipart")


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_imports(tenant, role):
    client = register.client_of(register.person(tenant, role))
    assert send(client, record()).status_code == 403
    assert not ImportRun.objects.exists()


def test_a_machine_imports_with_the_permission_and_not_without(tenant):
    bot = register.identity(tenant)
    assert send(register.client_of_machine(bot, "identity.write"), record()).status_code == 403
    assert send(register.client_of_machine(bot, "register.import"), record("k", name="found")).status_code == 201
    assert ManagedIdentity.objects.filter(name="found").exists()


@pytest.mark.parametrize(
    ("members", "member"),
    [
        ({"kind": "rock"}, "kind"),
        ({"file": None}, "files"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": "[1]"}, "mapping"),
        ({"source": "x" * 161}, "source"),
        ({"unknown": "x"}, "unknown"),
        ({"dryRun": "perhaps"}, "dryRun"),
    ],
)
def test_what_does_not_fit_is_named(client, members, member):
    answer = send(client, record(), **members)
    assert answer.status_code == 400, answer.content
    assert member in answer.json()["errors"]


def test_a_body_that_is_no_form_is_refused(client):
    assert client.post("/api/imports", {"kind": "paper"}).status_code == 415


def test_more_than_the_limit_is_refused_unread(client, settings):
    settings.STEWARD_IMPORT_MAX_MB = -1
    assert send(client, record()).status_code == 413


def test_a_file_that_cannot_be_read_is_a_400_with_one_line(client):
    answer = send(client, record(), unreadable("row 3: not a date"))
    assert answer.status_code == 400
    assert answer.json()["code"] == "unreadable"
    assert answer.json()["errors"] == {"file": ["row 3: not a date"]}


def test_another_tenants_import_is_not_there(client):
    run = imports.read(register.tenant(), record())
    for way in ("", "/rows"):
        assert client.get(f"/api/imports/{run.pk}{way}").status_code == 404
    for way in ("apply", "discard"):
        assert client.post(f"/api/imports/{run.pk}/{way}").status_code == 404


def test_it_is_applied_at_once(client):
    answer = send(client, record("k", name="found"), Dropped("row 2", "sum", "It is a sum."), source="here")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["source"], body["rowsRead"]) == ("applied", "here", 2)
    assert body["counts"] == {"new": 1, "changed": 0, "conflict": 0, "unchanged": 0, "dropped": 1, "vanished": 0}
    assert ManagedIdentity.objects.get(name="found").reported_by == ["paper/here"]


def test_a_dry_run_waits_to_be_applied_or_discarded(client):
    run = send(client, record("k", name="found"), dryRun="true").json()
    assert run["state"] == "previewed"
    assert not ManagedIdentity.objects.filter(name="found").exists()
    rows = client.get(f"/api/imports/{run['id']}/rows?action=new").json()["results"]
    assert [(row["label"], row["action"], row["key"]) for row in rows] == [("found", "new", "k")]
    assert client.post(f"/api/imports/{run['id']}/apply").json()["state"] == "applied"
    assert client.post(f"/api/imports/{run['id']}/apply").status_code == 409
    assert client.post(f"/api/imports/{run['id']}/discard").status_code == 409
    assert ManagedIdentity.objects.filter(name="found").exists()


def test_a_discarded_one_leaves_nothing(client):
    run = send(client, record("k", name="found"), dryRun="true").json()
    assert client.post(f"/api/imports/{run['id']}/discard").json()["state"] == "discarded"
    assert client.get(f"/api/imports/{run['id']}/rows").json()["results"] == []
    assert not ManagedIdentity.objects.filter(name="found").exists()


def test_a_long_one_is_applied_in_the_background(client):
    body = send(client, *[record() for _ in range(1001)]).json()
    assert (body["state"], body["rowsApplied"]) == ("applying", 0)


def test_imports_are_listed(client):
    send(client, record())
    send(client, record())
    listed = client.get("/api/imports?pageSize=1").json()
    assert len(listed["results"]) == 1
    assert len(client.get(listed["next"]).json()["results"]) == 1
