"""A token in every form in which a receiver may send it back."""

import base64
import json
import urllib.parse

import pytest

from scheduling.nodes.redaction import Redactor

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtaV8xIn0.c2lnbmF0dXJl-_~c2lnbmF0dXJl"
HEADER = f"Authorization: Bearer {TOKEN}\r\nAccept: */*"


def echoes():
    for before in range(4):
        whole = ("x" * before + HEADER).encode()
        yield base64.b64encode(whole).decode()
        yield base64.urlsafe_b64encode(whole).decode()
    yield HEADER
    yield urllib.parse.quote(HEADER)
    yield HEADER.encode().hex()
    yield HEADER.encode().hex().upper()


@pytest.mark.parametrize("echo", [*echoes()])
def test_the_token_is_cut_out_of_raw_bytes_and_of_text(echo):
    redactor = Redactor(TOKEN)
    for found in (redactor.raw(echo.encode()).decode(), redactor.text(echo)):
        assert "[redacted]" in found
        assert TOKEN not in found
        assert TOKEN[20:50] not in found
        assert len(found) < len(echo) - len(TOKEN) // 2


def test_an_escape_does_not_hide_it_from_who_reads_the_json():
    escaped = "".join(f"\\u{ord(char):04x}" for char in TOKEN)
    slashed = base64.b64encode(("?" * 2 + TOKEN).encode()).decode().replace("/", "\\/")
    read = json.loads(f'{{"a": ["{escaped}", {{"{escaped}": "{slashed}"}}], "n": [1, null, true]}}')
    assert TOKEN not in json.dumps(Redactor(TOKEN).plain(read))
    assert Redactor(TOKEN).plain(read)["n"] == [1, None, True]


def test_what_holds_no_token_stays_as_it_is():
    assert Redactor(TOKEN).raw(b"\xff\x00eyJ") == b"\xff\x00eyJ"
    assert Redactor("").text("anything") == "anything"
