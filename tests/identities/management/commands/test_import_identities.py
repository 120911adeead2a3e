"""`import_identities` as it is typed: what is refused and how, what is printed, what a dry run leaves."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from identities.discovery.models import ImportRow, ImportRun
from identities.discovery.records import Dropped
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from tests.factories import imports, people
from tests.factories.imports import Mouth, record, unreadable

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def tenant() -> Tenant:
    made = people.person().tenant
    people.person(of=Tenant.objects.create(name="Demo", slug="demo", is_demo=True))
    return made


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "export.json"
    path.write_text("{}")
    return str(path)


def run(capsys, *arguments: str, **options: Any) -> str:
    call_command("import_identities", *arguments, **options)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "options", "code"),
    [
        (["rock", "FILE"], {}, 2),
        (["paper", "nowhere.json"], {}, 2),
        (["paper", "FILE"], {"tenant": "nobody"}, 2),
        (["paper", "FILE"], {"mapping": ["nothing"]}, 2),
        (["paper", "FILE"], {"source": "x" * 161}, 2),
    ],
)
def test_bad_usage_ends_with_2_and_one_line(tenant, file, arguments, options, code):
    Mouth.says = [record()]
    with pytest.raises(CommandError) as refused:
        call_command("import_identities", *[file if one == "FILE" else one for one in arguments], **options)
    assert refused.value.returncode == code
    assert "\n" not in str(refused.value)
    assert not ManagedIdentity.objects.exists()


@pytest.mark.parametrize("said", [unreadable("row 2: not a date"), ValueError("s3cret")])
def test_a_file_that_cannot_be_read_ends_with_1_and_one_line(tenant, file, said):
    Mouth.says = [record(), said]
    with pytest.raises(CommandError) as refused:
        call_command("import_identities", "paper", file)
    assert refused.value.returncode == 1
    assert "\n" not in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_without_a_tenant_there_is_nowhere_to_import_to(file):
    with pytest.raises(CommandError, match="no tenant"):
        call_command("import_identities", "paper", file)


def test_it_imports_into_the_first_admins_tenant_and_never_into_the_demo(tenant, file, capsys):
    Mouth.says = [record("k", name="found")]
    assert "Imported:" in run(capsys, "paper", file)
    assert ManagedIdentity.objects.get(name="found").tenant == tenant


def test_another_tenant_can_be_named(tenant, file, capsys):
    Mouth.says = [record("k", name="found")]
    run(capsys, "paper", file, tenant="demo")
    assert ManagedIdentity.objects.get(name="found").tenant.slug == "demo"


def test_its_json_holds_counts_and_lists(tenant, file, capsys):
    Mouth.says = [record("a"), record("b"), Dropped("row 3", "sum", "It is a sum.")]
    assert json.loads(run(capsys, "paper", file, json=True)) == {
        "created": 2, "changed": 0, "unchanged": 0, "missing": 0, "conflicts": 0,
        "dropped": ["row 3: sum: It is a sum."], "warnings": [],
    }  # fmt: skip
    again = json.loads(run(capsys, "paper", file, json=True))
    assert (again["created"], again["unchanged"]) == (0, 2)


def test_a_dry_run_prints_the_plan_and_leaves_nothing(tenant, file, capsys):
    Mouth.says = [record("k", name="bot", purpose="Old.")]
    run(capsys, "paper", file)
    Mouth.says = [record("k", name="bot", purpose="New."), record("fresh", name="fresh")]
    said = run(capsys, "paper", file, dry_run=True)
    assert "This would happen:" in said
    assert "purpose: Old. → New." in said
    assert "fresh  (paper/default)" in said
    assert ManagedIdentity.objects.get(name="bot").purpose == "Old."
    dry = ImportRun.objects.order_by("-created_at")[0]
    assert dry.state == "discarded"
    assert not ImportRow.objects.filter(run=dry).exists()
