"""Our secrets are found in any text, however they are written there, and nothing else is."""

import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from identities.credentials.recognition import REACH, masked, recognise, texts
from identities.credentials.secret_format import ENVIRONMENTS, checksum, generate

# The same in every process: it names tests, and workers that share them compare names.
STEM = f"nhi_prod_{('Example0f43' * 4)[:43]}"
SECRET = f"{STEM}_{checksum(STEM)}"
WHOLE = "".join(f"%{ord(letter):02x}" for letter in SECRET)


def found(*chunks):
    return [(it.text, it.line, it.column, it.written) for it in recognise(chunks)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nhi",
        "nhi_prod_",
        SECRET[:-1],
        SECRET[:-1] + ("0" if SECRET[-1] != "0" else "1"),
        SECRET.replace("nhi_prod", "nhi_dev"),
        SECRET.replace("prod", "test"),
        SECRET.upper(),
        "nhi_prod_" + "A" * 43 + "_123456",
    ],
)
def test_what_is_no_secret_raises_no_alarm(text):
    assert found(text) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        'KEY="{}"',
        "a,{},b",
        "https://x.example/?s={}&t=1",
        "SECRET_{}",
        "x{}y",
        "<b>{}</b>",
        r"a\n{}\n",
        "%3D{}%26",
    ],
)
def test_it_is_found_whatever_stands_around_it(around, environment):
    secret = generate(environment)
    assert [it.text for it in recognise([around.format(secret)])] == [secret]


@pytest.mark.parametrize(
    "written",
    [
        WHOLE,
        WHOLE.upper(),
        SECRET.replace("_", "%5F"),
        SECRET.replace("_", "%5f"),
        SECRET.replace("_", "%255F"),
        SECRET.replace("_", r"\_"),
        SECRET.replace("_", "\\u005f"),
        SECRET.replace("_", "\\\\u005F"),
        SECRET.replace("_", "&#95;"),
        SECRET.replace("_", "&#x5f;"),
    ],
)
def test_it_is_found_however_it_is_escaped(written):
    assert found(f"a\n  {written} ") == [(SECRET, 2, 3, "escaped")]


def test_it_is_found_in_json_and_in_an_address():
    assert found(json.dumps({"log": f"line\n{SECRET}\n"})) == [(SECRET, 1, 16, "plain")]
    assert [it[0] for it in found(quote(f"x={SECRET}&y"))] == [SECRET]


def test_each_is_told_with_its_line_and_column_in_order():
    other = generate("sandbox")
    assert found(f"{SECRET}\n\n a {other} {SECRET}") == [
        (SECRET, 1, 1, "plain"),
        (other, 3, 4, "plain"),
        (SECRET, 3, 5 + len(other), "plain"),
    ]
    assert texts(f"{SECRET} {other} {SECRET}") == {SECRET, other}


def test_a_beginning_that_leads_nowhere_hides_no_secret_behind_it():
    for lure in ("nhi_", "nhi_prod_", "nhi_prod_" + "a" * 43 + "_abcdef", "nhi_prod_" + "a" * 43 + "_abc"):
        assert [it[0] for it in found(lure + SECRET)] == [SECRET]


@given(st.integers(0, 3 * REACH), st.integers(1, 700), st.sampled_from(["x", "\n", "nhi_prod_", "bmhpX"]))
def test_borders_between_chunks_hide_nothing(before, size, filler):
    text = (filler * before)[:before] + SECRET + (filler * REACH)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert found(*pieces) == found(text)
    assert found(text)[0][0] == SECRET


@given(st.text(max_size=400))
def test_any_text_is_read_to_its_end(text):
    assert [it[0] for it in found(text, SECRET, text)].count(SECRET) >= 1


@pytest.mark.parametrize(
    "hostile",
    [
        "nhi",
        "nhi_prod_",
        "nhi_prod_" + "a" * 43 + "_",
        "%6e%68%69",
        "bmhpX",
        "bmhpX\n",
        "b\nmhpX",
        "bmhpX3Byb2Rf",
        "%5F",
    ],
)
def test_no_text_takes_more_than_its_length_is_worth(hostile):
    def seconds(length):
        text = hostile * (length // len(hostile))
        began = time.process_time()
        assert list(recognise([text])) == []
        return time.process_time() - began

    seconds(10_000)
    assert seconds(400_000) < 30 * max(seconds(40_000), 0.01)


def test_what_is_shown_of_it_is_its_environment_and_its_end():
    assert masked(SECRET) == f"nhi_prod_…{SECRET[-4:]}"
    assert SECRET not in repr(next(recognise([SECRET])))
