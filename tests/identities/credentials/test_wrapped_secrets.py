"""A secret in Base64 is found at every offset, with and without line breaks."""

import base64

import pytest
from hypothesis import given, strategies as st

from identities.credentials.recognition import recognise
from identities.credentials.secret_format import ENVIRONMENTS, generate

SECRET = generate("staging")


def found(text):
    return [(it.text, it.written) for it in recognise([text])]


@given(st.binary(max_size=200), st.binary(max_size=20), st.sampled_from(["plain", "mime", "crlf", "url", "bare"]))
def test_it_is_found_at_every_offset(before, after, shape):
    data = before + SECRET.encode() + after
    text = {
        "plain": base64.b64encode(data).decode(),
        "mime": base64.encodebytes(data).decode(),
        "crlf": base64.encodebytes(data).decode().replace("\n", "\r\n"),
        "url": base64.urlsafe_b64encode(data).decode(),
        "bare": base64.b64encode(data).decode().rstrip("="),
    }[shape]
    assert found(f"Authorization: Basic {text}") == [(SECRET, "base64")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_is_known(environment):
    secret = generate(environment)
    assert found(base64.b64encode(f"bot:{secret}".encode()).decode()) == [(secret, "base64")]


@pytest.mark.parametrize("broken", [r"\n", r"\r\n", '"\n + "', "\n    "])
def test_a_line_broken_by_json_or_by_code_is_one_line(broken):
    text = base64.b64encode(f"user:{SECRET}".encode()).decode()
    assert found(text[:40] + broken + text[40:]) == [(SECRET, "base64")]


def test_a_wrong_checksum_and_a_cut_end_raise_no_alarm():
    wrong = SECRET[:-1] + ("0" if SECRET[-1] != "0" else "1")
    assert found(base64.b64encode(wrong.encode()).decode()) == []
    assert found(base64.b64encode(SECRET.encode()).decode()[:60]) == []


def test_a_second_layer_is_not_opened():
    once = base64.b64encode(SECRET.encode())
    assert found(base64.b64encode(once).decode()) == []
