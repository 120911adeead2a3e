"""`verify_audit`: one clear line and an exit code that a script can trust."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from tests.audit.conftest import LENGTH, full_rights

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_command_says_intact_and_exits_zero(witnessed: Path) -> None:
    out = StringIO()
    call_command("verify_audit", checkpoint=witnessed, stdout=out)
    assert out.getvalue().startswith(f"The audit trail is intact: {LENGTH} records sealed")
    assert out.getvalue().count("\n") == 1


def test_the_command_names_the_break_in_one_line_and_exits_one(sealed: list[AuditEvent]) -> None:
    with full_rights() as run:
        run("UPDATE audit_auditevent SET reason = 'x' WHERE id = %s", sealed[0].pk)
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_audit", "--json", stdout=out, stderr=err)
    assert stopped.value.code == 1
    assert err.getvalue() == "The audit trail is broken (changed): record 1 was changed after it was sealed.\n"
    assert json.loads(out.getvalue())["firstBreak"]["seq"] == 1


def test_the_command_exits_two_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", checkpoint=tmp_path / "nowhere.jsonl")
    assert refused.value.returncode == 2
