"""`apply` and `export` on the command line: what they print, how they end, and where their words go."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from identities.provisioning.reading import schema
from tests.architecture.contract import ROOT
from tests.factories import people

pytestmark = pytest.mark.django_db

TEXT = "version: 1\nidentities:\n  - {name: bot, environment: staging, purpose: Tests.}\n"
WIDE = TEXT.replace("}", ", privilegeLevel: admin}")


@pytest.fixture
def home():
    return people.person(role=PortalRole.ADMIN).tenant


@pytest.fixture
def file(tmp_path, home):
    path = tmp_path / "inventory.yaml"
    path.write_text(TEXT)
    return path


def run(*words):
    out = StringIO()
    call_command(*map(str, words), stdout=out)
    return out.getvalue()


def refusal(*words):
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command(*map(str, words), stdout=out)
    assert "\n" not in str(refused.value)
    return refused.value.returncode, str(refused.value), out.getvalue()


def test_what_cannot_be_read_is_bad_usage(tmp_path, home):
    assert refusal("apply", tmp_path / "none.yaml")[0] == 2
    assert refusal("apply", tmp_path)[0] == 2
    assert refusal("export", tmp_path / "none" / "a.yaml")[0] == 2


def test_what_is_not_text_or_not_fit_is_refused(file):
    file.write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8" in refusal("apply", file)[1]
    file.write_text("version: 1\nidentities: [{}, {}]\n")
    code, said, shown = refusal("apply", file)
    assert code == 1
    assert "the first of 2" in said
    assert shown.count("name must be given") == 2


def test_widening_is_refused_in_one_line_and_changes_nothing(file):
    file.write_text(WIDE)
    code, said, _ = refusal("apply", file)
    assert (code, ManagedIdentity.objects.count()) == (1, 0)
    assert "--allow-privilege" in said
    assert "begins with admin privilege" in run("apply", file, "--allow-privilege")


def test_a_plan_reads_like_a_diff_and_changes_nothing(file):
    shown = run("apply", file, "--plan")
    assert "+ identities: bot   [low risk] not in the register" in shown
    assert "    purpose: Tests." in shown
    assert ManagedIdentity.objects.count() == 0


def test_apply_then_export_then_plan_is_empty(file, tmp_path):
    assert "1 to create" in run("apply", file)
    assert "~ identities: bot" in _after_a_change(file)
    run("export", tmp_path / "out.yaml")
    assert "Nothing to do" in run("apply", tmp_path / "out.yaml", "--plan")


def _after_a_change(file):
    file.write_text(TEXT.replace("Tests.", "More tests."))
    shown = run("apply", file)
    assert "    purpose: Tests. -> More tests." in shown
    return shown


def test_drift_ends_with_one_until_there_is_none(file):
    assert refusal("apply", file, "--drift")[0] == 1
    run("apply", file)
    assert "Nothing to do" in run("apply", file, "--drift")
    file.write_text("version: 1\nidentities: []\n")
    code, said, shown = refusal("apply", file, "--drift")
    assert (code, said) == (1, "Drift: 0 differ, 1 are not in the document.")
    assert "? identities: bot" in shown


def test_json_is_for_programs(file):
    told = json.loads(run("apply", file, "--plan", "--json"))
    assert (told["create"], told["actions"][0]["key"], told["actions"][0]["line"]) == (1, "bot", 3)


def test_only_the_sections_asked_for_are_written(file):
    run("apply", file)
    assert "identities" not in run("export", "--only", "roles", "teams")
    assert "identities" in run("export")


def test_the_published_schema_is_the_one_in_force():
    published = ROOT / "docs" / "inventory.schema.json"
    assert json.loads(published.read_text()) == schema() == json.loads(run("export", "--schema"))
