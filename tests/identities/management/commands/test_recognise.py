"""`recognise`: masked lines for people, JSON for programs, and an exit code for pipelines."""

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from identities.credentials import services as credentials
from identities.credentials.secret_format import generate
from identities.management.commands import recognise
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
STRANGER = generate("sandbox")


class Said:
    """One call: its code and what it wrote."""

    def __init__(self, *arguments, given=b"", monkeypatch=None):
        out, wrong = io.StringIO(), io.StringIO()
        if monkeypatch is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        self.code: object = 0
        try:
            call_command("recognise", *map(str, arguments), stdout=out, stderr=wrong)
        except SystemExit as left:
            self.code = left.code
        except CommandError as error:
            self.code = error.returncode
            wrong.write(str(error))
        self.out, self.wrong = out.getvalue(), wrong.getvalue()


@pytest.fixture
def issued():
    return credentials.issue(bots.identity(name="payroll"), actor=cast.SYSTEM)


def test_what_is_not_there_is_bad_usage(tmp_path):
    said = Said(tmp_path / "nothing")
    assert (said.code, said.out) == (2, "")
    assert said.wrong.count("\n") == 0
    assert Said("-", "-").code == 2


def test_no_secret_is_code_0_and_not_a_word(tmp_path):
    (tmp_path / "a").write_text("nothing")
    said = Said(tmp_path)
    assert (said.code, said.out, said.wrong) == (0, "", "")


def test_each_is_a_masked_line_with_whose_it_is(tmp_path, issued):
    file = tmp_path / "deploy.env"
    file.write_text(f"A={STRANGER}\n\nB={issued.text}\n")
    said = Said(file)
    identity = issued.secret.identity
    assert said.code == 1
    assert said.out.splitlines() == [
        f"{file}:1: nhi_sbx_…{STRANGER[-4:]}  unknown here",
        f"{file}:3: nhi_prod_…{issued.secret.hint}  identity 'payroll' ({identity.client_id}) active",
    ]


def test_one_that_has_ended_is_told_as_ended(tmp_path, issued, monkeypatch):
    credentials.revoke(issued.secret, reason="x", actor=cast.SYSTEM)
    said = Said("-", given=issued.text.encode(), monkeypatch=monkeypatch)
    assert said.out.startswith("(standard input):1: ")
    assert said.out.strip().endswith(") ended")


def test_json_says_the_same_for_programs(tmp_path, issued):
    file = tmp_path / "x"
    file.write_text(f" {issued.text.replace('_', '%5F')}")
    said = Said("--json", tmp_path)
    (one,) = json.loads(said.out)["findings"]
    identity = issued.secret.identity
    assert (one["file"], one["line"], one["column"], one["written"]) == (str(file), 1, 2, "escaped")
    assert one["identity"] == {"id": str(identity.pk), "name": "payroll", "clientId": identity.client_id}
    assert (one["credentialId"], one["state"]) == (str(issued.secret.pk), "active")
    assert Said("--json", tmp_path / "x").code == 1


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_the_secret_itself_is_never_printed(tmp_path, issued, flag):
    folder = tmp_path / issued.text
    folder.mkdir()
    (folder / "a\x1b[31m.env").write_text(issued.text)
    said = Said(*flag, tmp_path)
    assert said.code == 1
    assert issued.text[9:40] not in said.out + said.wrong
    assert "\x1b" not in said.out


def test_without_a_register_it_finds_all_the_same(tmp_path, issued, monkeypatch):
    def away(texts):
        raise DatabaseError("away")

    (tmp_path / "a").write_text(issued.text)
    monkeypatch.setattr(recognise, "known", away)
    said = Said(tmp_path)
    assert said.code == 1
    assert "unknown here" in said.out
    assert said.wrong.count("\n") == 1
    assert Said("--offline", tmp_path).wrong == ""


def test_what_could_not_be_read_is_not_clean(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    said = Said(tmp_path / "link")
    assert said.code == 1
    assert "cannot be read: No such file or directory." in said.wrong


def test_binary_files_are_named_in_one_line(tmp_path):
    for number in range(3):
        (tmp_path / str(number)).write_bytes(b"\0\0")
    said = Said(tmp_path)
    assert (said.code, said.out) == (0, "")
    assert said.wrong.strip() == "Binary files: 3, searched as they are: what is packed inside is not seen."
