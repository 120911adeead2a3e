"""Canonical form, tag, link: one form for each value, and nothing else fits."""

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from audit import chain

KEY = b"k" * 32
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.text(string.ascii_lowercase, min_size=1, max_size=8), PLAIN, max_size=6)


@given(PLAIN, PLAIN)
def test_two_values_share_a_form_only_when_they_are_the_same(left: object, right: object) -> None:
    assert (chain.canonical(left) == chain.canonical(right)) == (_typed(left) == _typed(right))


@given(RECORDS)
def test_the_order_of_members_changes_nothing(record: dict[str, object]) -> None:
    assert chain.tag(KEY, record) == chain.tag(KEY, dict(reversed(record.items())))


@given(RECORDS, RECORDS)
def test_a_stencil_writes_the_canonical_form(stays: dict[str, object], changing: dict[str, object]) -> None:
    stencil = chain.Stencil(stays, changing.keys())
    whole = {**stays, **changing}
    written = stencil.of({name: chain.written(value) for name, value in changing.items()})
    assert written == chain.canonical(whole).decode()
    assert chain.tag_of_written(KEY, written) == chain.tag(KEY, whole)


@given(RECORDS, st.integers(1, 10**9), st.binary(min_size=32, max_size=32))
def test_a_link_speaks_of_its_number_its_predecessor_and_its_key(
    record: dict[str, object], seq: int, key: bytes
) -> None:
    link = chain.link(key, seq, chain.GENESIS, record)
    assert len(link) == 64
    assert link != chain.link(key, seq + 1, chain.GENESIS, record)
    assert link != chain.link(key, seq, link, record)
    assert link != chain.link(bytes([key[0] ^ 1]) + key[1:], seq, chain.GENESIS, record)
    assert link != chain.tag(key, record)


@given(st.floats())
def test_a_float_has_no_form(number: float) -> None:
    with pytest.raises(TypeError):
        chain.canonical({"deep": [number]})


def test_member_names_are_text() -> None:
    with pytest.raises(TypeError):
        chain.canonical({1: "one"})


def test_a_moment_is_written_in_utc_whatever_its_zone() -> None:
    at = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    assert chain.moment(at) == "2026-03-29T00:30:00.000000Z"
    assert chain.moment(at) == chain.moment(at.astimezone(UTC))


def test_comparing_with_foreign_text_is_no_error() -> None:
    assert not chain.is_same("é", "e")
    assert not chain.is_same("\ud800", "a")


def _typed(value: object) -> object:
    if isinstance(value, dict):
        return ("dict", frozenset((name, _typed(inner)) for name, inner in value.items()))
    if isinstance(value, list):
        return ("list", tuple(_typed(inner) for inner in value))
    return (type(value), value)
