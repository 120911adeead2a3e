"""What every kind that reads JSON does with a file that is not what it should be."""

import pytest

from identities.discovery.records import Unreadable
from tests.identities.discovery.importers.exports import CANARY, read, written

KINDS = ("kubernetes", "entra", "github", "okta", "keycloak", "aws-secrets", "vault-list", "secret-scan")
HOSTILE = {
    "empty": "",
    "no JSON": f"{CANARY} is not JSON",
    "cut off": f'[{{"id": "{CANARY}", "name": ',
    "repeated member": f'[{{"id": 1, "id": "{CANARY}"}}]',
    "deep": "[" * 500,
    "a text": f'"{CANARY}"',
    "numbers": "[1, 2, 3]",
    "an object of nothing": "{}",
    "a table": f"Title,Password\nx,{CANARY}\n",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sort", HOSTILE)
def test_a_hostile_file_gets_one_clear_line_without_a_value_of_it(tmp_path, kind, sort):
    with pytest.raises(Unreadable) as refusal:
        read(kind, written(tmp_path, "hostile.json", HOSTILE[sort]))
    line = str(refusal.value)
    assert line.startswith("hostile.json")
    assert "\n" not in line
    assert CANARY not in line


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_another_encoding_is_refused(tmp_path, kind):
    path = tmp_path / "latin.json"
    path.write_bytes('[{"name": "Größe"}]'.encode("latin-1"))
    with pytest.raises(Unreadable, match="does not decode"):
        read(kind, path)
