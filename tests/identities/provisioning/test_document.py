"""The YAML that is taken, and the YAML that is refused with its line."""

import json

import pytest
import yaml
from hypothesis import given, strategies as st

from identities.provisioning.document import DEEPEST, Unreadable, parse

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(words, trees, max_size=4))
def test_what_is_written_is_read_again(values):
    assert parse(yaml.safe_dump(values, allow_unicode=True)).values == values


@given(st.dictionaries(words, trees, max_size=4))
def test_json_is_taken_as_well(values):
    assert parse(json.dumps(values, ensure_ascii=False)).values == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &x 1\nb: *x\n", "Line 1: anchors and aliases"),
        ("a: 1\na: 2\n", "Line 2: 'a' stands here twice"),
        ("a: !!python/object:os.system {}\n", "Line 1: tags such as"),
        ("a: !secret x\n", "Line 1: tags such as"),
        ("a: [1\n", "Line 2, column 1"),
        ("- 1\n", "Line 1: the file must hold a mapping"),
        ("", "Line 1: the file must hold a mapping"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("a: \x00\n", "not YAML"),
        ("? [a]\n: 1\n", "Line 1: a key is a plain text"),
        ("a: " + "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), "nested too deeply"),
        ("a: " + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_surprises_is_refused_in_one_line(text, says):
    with pytest.raises(Unreadable) as refused:
        parse(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_too_large_is_not_read():
    with pytest.raises(Unreadable, match="larger than 16 MB"):
        parse("a: " + "x" * (17 * 1024 * 1024))


def test_dates_stay_text_and_words_that_look_like_numbers_are_kept_when_quoted():
    assert parse('a: 2027-03-31\nb: "007"\nc: 2027-03-31T00:00:00Z\n').values == {
        "a": "2027-03-31", "b": "007", "c": "2027-03-31T00:00:00Z",
    }  # fmt: skip


def test_lines_are_known_down_to_the_member():
    document = parse("version: 1\nroles:\n  - name: a\n    permissions:\n      - run.read\n")
    assert document.line_of(("roles", 0)) == 3
    assert document.line_of(("roles", 0, "permissions")) == 4
    assert document.line_of(("roles", 0, "permissions", 0)) == 5
    assert document.line_of(("roles", 0, "permissions", 7)) == 4
