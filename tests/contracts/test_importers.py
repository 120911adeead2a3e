"""Every importer there is, given what is no export: one line, and nothing of the file in it."""

import json
import re
from pathlib import Path

import pytest

import identities.discovery.importers  # noqa: F401 - the kinds are registered by importing them
from identities.discovery.importers.base import kinds
from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.checking import check

CANARY = "CANARY-0002-not-to-be-quoted"
HOSTILE = {
    "empty": b"",
    "blank": b" \n\n ",
    "zeros": b"\0" * 2048,
    "zip": b"PK\x03\x04" + CANARY.encode(),
    "gzip": b"\x1f\x8b\x08" + CANARY.encode(),
    "latin-1": f'[{{"caf\xe9": "{CANARY}"}}]'.encode("latin-1"),
    "utf-32": f'[{{"a": "{CANARY}"}}]'.encode("utf-32"),
    "cut off": f'{{"items": [{{"a": "{CANARY}", "b":'.encode(),
    "deep": b"[" * 5000,
    "deep objects": b'{"a":' * 5000,
    "member twice": f'[{{"a": 1, "a": "{CANARY}"}}]'.encode(),
    "huge number": b'[{"a": ' + b"9" * 9000 + b"}]",
    "million columns": b"," * 2_000_000,
}


@pytest.fixture(params=sorted(kinds))
def importer(request):
    return kinds[request.param]()


def refusal_of(importer, path):
    with pytest.raises(Unreadable) as refusal:
        list(importer.read([path]))
    return str(refusal.value)


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_is_no_export_is_refused_in_one_line_that_quotes_nothing(importer, name, tmp_path):
    path = tmp_path / "export.dat"
    path.write_bytes(HOSTILE[name])
    said = refusal_of(importer, path)
    assert said.startswith("export.dat: ")
    assert "\n" not in said
    assert CANARY not in said
    assert len(said) < 400


def test_a_directory_and_a_missing_file_are_refused_by_name(importer, tmp_path):
    assert "directory" in refusal_of(importer, tmp_path)
    assert "no such file" in refusal_of(importer, tmp_path / "gone.json")


def test_it_says_what_it_is_called_and_what_it_takes(importer):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", importer.kind)
    assert re.fullmatch(r"[a-z0-9-]+", importer.platform)
    assert importer.label
    assert importer.accepts


def test_two_importers_of_one_name_are_refused(importer):
    with pytest.raises(TypeError, match="Two importers"):
        type("Another", (type(importer),), {"__qualname__": "Another"})


@pytest.fixture
def documented():
    """The importer of docs/how-to/add-an-importer.md, as it is written there."""
    page = (Path(__file__).parents[2] / "docs/how-to/add-an-importer.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(code, "add-an-importer.md", "exec"), {"__name__": "documented"})
    yield "gitlab-tokens"
    del kinds["gitlab-tokens"]


def test_the_documented_importer_keeps_what_it_promises(documented, tmp_path):
    made = {"id": 7, "name": "ci", "username": "gitlab+deploy-token-7", "expires_at": "2027-01-01T00:00:00Z"}
    tokens = [{**made, "token": CANARY}, {**made, "id": 8, "revoked": True}]
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps(tokens))
    kept, dropped = check(documented, [path], canaries=[CANARY])
    assert (kept.key, kept.credentials[0].exposed_in) == ("7", "token in tokens.json")
    assert dropped.reason == "The token is revoked."
    path.write_text(json.dumps([{"color": CANARY}]))
    assert refusal_of(kinds[documented](), path) == (
        "tokens.json: item 1: no deploy token; accepted is JSON of `glab api deploy_tokens`"
    )
