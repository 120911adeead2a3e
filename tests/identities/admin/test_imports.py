"""The pages of imports: who may, upload, preview with what changes, apply, discard, take theirs."""

import tempfile
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from identities.discovery.models import ImportRun, ImportState
from identities.discovery.records import Dropped
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.cases import named
from tests.factories import imports, pages, people
from tests.factories.imports import SYSTEM, Mouth, applied, read, record, unreadable

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def admin():
    return people.person()


@pytest.fixture
def client(admin):
    return pages.signed_in(admin)


def send(client, *said, kind: str = "paper", source: str = ""):
    Mouth.says = list(said)
    files = [SimpleUploadedFile("export.json", b"{}")]
    return client.post(pages.adding(ImportRun), {"kind": kind, "files": files, "source": source}, follow=True)


@pytest.fixture
def left_behind(tmp_path, monkeypatch):
    """What is left in a temporary folder of this test's own: into the machine's, other processes import as well."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: list(tmp_path.glob("steward-import-*"))


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_only_an_admin_sees_imports(admin, role):
    run = read(admin.tenant, record())
    client = pages.signed_in(people.person(of=admin.tenant, role=role))
    for address in (pages.listing(ImportRun), pages.page(run), pages.adding(ImportRun), pages.command(run, "apply")):
        assert client.get(address).status_code == 403
    assert client.get(pages.page(run).replace("change/", "progress/")).status_code == 403


def test_another_tenants_import_is_not_there(client):
    run = read(people.tenant(), record())
    assert client.get(pages.page(run)).status_code == 404
    assert client.get(pages.page(run).replace("change/", "progress/")).status_code == 404
    assert client.post(pages.command(run, "apply")).status_code == 404


def test_without_a_file_or_with_an_unknown_kind_nothing_is_read(client):
    assert client.post(pages.adding(ImportRun), {"kind": "paper"}).status_code == 422
    answer = send(client, record(), kind="rock")
    assert answer.status_code == 422
    assert not ImportRun.objects.exists()


def test_more_than_the_limit_is_refused_beside_the_field(client, settings, left_behind):
    settings.STEWARD_IMPORT_MAX_MB = 0
    answer = send(client, record())
    assert answer.status_code == 422
    assert "At most 0 MiB at once" in answer.content.decode()
    assert not left_behind()


@pytest.mark.parametrize("said", [unreadable(), KeyError("s3cret")])
def test_a_file_that_cannot_be_read_leaves_one_line_and_no_file(client, said, left_behind):
    before = left_behind()
    page = send(client, said).content.decode()
    assert "The import came to nothing." in page
    assert "s3cret" not in page
    assert left_behind() == before


def test_an_upload_leads_to_a_preview_that_changes_nothing(client, admin):
    page = send(client, record("k", name="night-bot", purpose="Sweeps."), Dropped("row 2", "sum", "It is a sum."))
    text = page.content.decode()
    assert "night-bot" in text
    assert "Purpose" in text
    assert "Sweeps." in text
    assert not ManagedIdentity.objects.filter(name="night-bot").exists()
    run = ImportRun.objects.get()
    assert run.files == ["export.json"]
    assert run.started_by == admin
    assert "It is a sum." in client.get(pages.page(run, "dropped")).content.decode()


def test_applying_enters_the_rows_and_leads_to_them(client):
    send(client, record("k", name="night-bot"))
    run = ImportRun.objects.get()
    assert "Apply" in client.get(pages.command(run, "apply")).content.decode()
    text = client.post(pages.command(run, "apply"), {}, follow=True).content.decode()
    assert "source=paper%2Fdefault" in text
    assert ManagedIdentity.objects.filter(name="night-bot").exists()
    assert client.post(pages.command(run, "apply"), {}).status_code == 302
    assert ManagedIdentity.objects.filter(name__startswith="night-bot").count() == 1


def test_discarding_changes_nothing(client):
    send(client, record("k", name="night-bot"))
    run = ImportRun.objects.get()
    client.post(pages.command(run, "discard"), {})
    run.refresh_from_db()
    assert run.state == ImportState.DISCARDED
    assert not ManagedIdentity.objects.filter(name="night-bot").exists()


def test_a_change_is_shown_from_what_to_what(client, admin):
    applied(admin.tenant, record("k", name="bot", purpose="Old."))
    send(client, record("k", name="bot", purpose="New."))
    run = ImportRun.objects.order_by("-created_at").first()
    assert "Purpose: Old. → New." in client.get(pages.page(run, "changed")).content.decode()


def test_theirs_is_taken_by_a_button(client, admin):
    applied(admin.tenant, record("k", name="bot", purpose="Old."))
    bot = ManagedIdentity.objects.get(name="bot")
    inventory.change(bot, facts={"purpose": "Mine."}, actor=SYSTEM)
    run = read(admin.tenant, record("k", name="bot", purpose="Theirs."))
    row = run.rows.get()
    text = client.get(pages.page(run, "conflict")).content.decode()
    assert "yours is Mine., theirs is Theirs." in text
    for wrong in ("", "x:purpose", f"{row.pk}:name", "0:purpose", "9" * 40 + ":purpose"):
        assert client.post(pages.command(run, "take-theirs", wrong), {}).status_code == 404
    assert "Theirs." in client.get(pages.command(run, "take-theirs", f"{row.pk}:purpose")).content.decode()
    client.post(pages.command(run, "take-theirs", f"{row.pk}:purpose"), {})
    bot.refresh_from_db()
    assert bot.purpose == "Theirs."


def test_every_tab_costs_few_queries_on_every_page(admin, django_assert_max_num_queries):
    file = [record(f"k{n}", name=f"bot {n}", purpose="a") for n in range(60)]
    applied(admin.tenant, *file, record("gone"))
    run = read(admin.tenant, *file[:55], *[Dropped("row 9", "x", "why")] * 3, record("fresh"))
    for tab in ("new", "changed", "conflict", "unchanged", "dropped", "vanished", "about", "timeline"):
        for page in ("1", "2", "0", "-1", "x", "9999999999"):
            cache.clear()
            client = pages.signed_in(admin)  # as the first page that a browser asks for
            with named(tab, page), django_assert_max_num_queries(MOST_QUERIES):
                assert client.get(f"{pages.page(run, tab)}&page={page}").status_code == 200


def test_a_long_import_is_shown_with_its_progress(client, admin):
    run = read(admin.tenant, *[record() for _ in range(1001)])
    client.post(pages.command(run, "apply"), {})
    run.refresh_from_db()
    assert run.state == ImportState.APPLYING
    text = client.get(pages.page(run)).content.decode()
    address = pages.page(run).replace("change/", "progress/")
    assert f'data-progress="{address}"' in text
    assert client.get(address).json() == {"state": "applying", "read": 1001, "applied": 0}


def test_what_a_file_says_is_escaped(client):
    evil = "<script>alert(1)</script>"
    send(client, record("k", name=evil, purpose=evil), Dropped(evil, evil, evil), source=evil)
    run = ImportRun.objects.get()
    for address in (pages.listing(ImportRun), pages.page(run), pages.page(run, "dropped"), pages.page(run, "about")):
        assert "<script>alert" not in client.get(address).content.decode()


def test_files_go_to_a_folder_of_our_own_under_harmless_names(client, left_behind):
    before = left_behind()
    Mouth.says = [record("k")]
    files = [SimpleUploadedFile("../../etc/pass wd", b"one"), SimpleUploadedFile("a.xlsx", b"two")]
    client.post(pages.adding(ImportRun), {"kind": "paper", "files": files})
    assert Mouth.seen == [("pass_wd", "600", b"one"), ("a.xlsx", "600", b"two")]
    assert left_behind() == before


def table(client, content: bytes, kind: str = "csv", **members: Any):
    files = [SimpleUploadedFile("own.csv", content)]
    return client.post(pages.adding(ImportRun), {"kind": kind, "files": files, "source": "", **members}, follow=True)


def test_the_columns_of_a_table_are_shown_without_what_stands_in_them(client):
    text = table(client, b"Bot,Owner,API secret,Colour\nx1,ann,tops3cret,blue\n", preview="1").content.decode()
    assert "Colour" in text
    assert "holds secrets: never read" in text
    assert "tops3cret" not in text
    assert "blue" not in text
    assert not ImportRun.objects.exists()


def test_a_table_that_cannot_be_read_is_said_beside_the_field(client):
    assert "the names of the columns are expected" in table(client, b"\n\n", preview="1").content.decode()


def test_the_columns_of_other_kinds_are_nobodys_business(client):
    Mouth.says = [record()]
    assert "Columns" not in table(client, b"{}", kind="paper", preview="1").content.decode()


def test_columns_mean_what_a_person_says_they_mean(client):
    chosen: dict[str, Any] = {"column": ["Bot", "Colour"], "member": ["name", "purpose"]}
    table(client, b"Bot,Colour\nx1,Paints it blue.\n", **chosen)
    run = ImportRun.objects.get()
    assert run.mapping == {"Bot": "name", "Colour": "purpose"}
    assert run.rows.get().reported["facts"]["purpose"] == "Paints it blue."
