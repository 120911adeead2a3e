"""The walk over a chain, without a database: whatever is done to it, the first place is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from audit import chain
from audit.walk import Break, BreakKind, Entry, Walker

KEY, TAG_KEY = b"k" * 32, b"t" * 32
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Chain = list[Entry]


def a_chain(length: int, key: bytes = KEY) -> Chain:
    entries, mac = [], chain.GENESIS
    for seq in range(1, length + 1):
        body: dict[str, object] = {"uuid": f"u{seq}", "reason": f"number {seq}"}
        record = body | {"id": seq + 100, "tag": chain.tag(TAG_KEY, body)}
        mac = chain.link(key, seq, mac, record)
        entries.append(Entry(seq, mac, seq + 100, record, NOON + timedelta(seconds=seq)))
    return entries


def first_break(entries: Chain) -> Break | None:
    walker = Walker(KEY, TAG_KEY)
    return next((found for entry in entries if (found := walker.step(entry))), None)


def with_text(entry: Entry, text: str) -> Entry:
    return replace(entry, record={**(entry.record or {}), "reason": text})


LENGTHS = st.integers(2, 30)


@given(LENGTHS)
def test_an_untouched_chain_walks_to_its_end(length: int) -> None:
    walker = Walker(KEY, TAG_KEY)
    assert [walker.step(entry) for entry in a_chain(length)] == [None] * length
    assert (walker.seq, walker.backdated) == (length, 0)


@given(st.data())
def test_any_changed_text_is_found_at_its_number(data: st.DataObject) -> None:
    entries = a_chain(data.draw(LENGTHS))
    at = data.draw(st.integers(0, len(entries) - 1))
    entries[at] = with_text(entries[at], data.draw(st.text().filter(lambda text: text != f"number {at + 1}")))
    found = first_break(entries)
    assert found is not None
    assert (found.kind, found.seq, found.event) == (BreakKind.CHANGED, at + 1, f"u{at + 1}")


@given(st.data())
def test_any_changed_mac_is_found_at_its_number(data: st.DataObject) -> None:
    entries = a_chain(data.draw(LENGTHS))
    at = data.draw(st.integers(0, len(entries) - 1))
    place, mac = data.draw(st.integers(0, 63)), entries[at].mac
    other = data.draw(st.sampled_from([digit for digit in "0123456789abcdef" if digit != mac[place]]))
    entries[at] = replace(entries[at], mac=mac[:place] + other + mac[place + 1 :])
    found = first_break(entries)
    assert found is not None
    assert found.seq == at + 1


@given(st.data())
def test_any_deleted_record_but_the_last_is_found(data: st.DataObject) -> None:
    entries = a_chain(data.draw(LENGTHS))
    at = data.draw(st.integers(0, len(entries) - 2))
    del entries[at]
    found = first_break(entries)
    assert found is not None
    assert (found.kind, found.seq) == (BreakKind.DELETED, at + 1)


@given(st.data())
def test_any_two_swapped_records_are_found_at_the_earlier(data: st.DataObject) -> None:
    entries = a_chain(data.draw(st.integers(2, 20)))
    first, second = sorted(data.draw(st.lists(st.integers(0, len(entries) - 1), min_size=2, max_size=2, unique=True)))
    entries[first], entries[second] = (
        replace(entries[first], record=entries[second].record),
        replace(entries[second], record=entries[first].record),
    )
    found = first_break(entries)
    assert found is not None
    assert (found.kind, found.seq) == (BreakKind.MOVED, first + 1)


@given(st.data())
def test_a_chain_made_anew_with_another_key_is_found_at_once(data: st.DataObject) -> None:
    found = first_break(a_chain(data.draw(LENGTHS), key=data.draw(st.binary(min_size=32, max_size=32)) + b"x"))
    assert found is not None
    assert found.seq == 1


@given(st.data())
def test_an_inserted_record_is_found(data: st.DataObject) -> None:
    entries = a_chain(data.draw(LENGTHS))
    at = data.draw(st.integers(0, len(entries) - 1))
    entries.insert(at, with_text(entries[at], "slipped in"))
    found = first_break(entries)
    assert found is not None
    assert found.seq == at + 1


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda entry: replace(entry, record=None), BreakKind.DELETED),
        (lambda entry: replace(entry, record=None, is_readable=False), BreakKind.CHANGED),
        (lambda entry: replace(entry, record={**entry.record, "reason": 1.5}), BreakKind.CHANGED),
        (lambda entry: replace(entry, seq=99), BreakKind.DELETED),
    ],
)
def test_what_cannot_be_checked_is_a_break(spoil: Callable[[Entry], Entry], kind: BreakKind) -> None:
    entries = a_chain(3)
    entries[1] = spoil(entries[1])
    found = first_break(entries)
    assert found is not None
    assert (found.kind, found.seq) == (kind, 2)


def test_a_clock_moved_back_is_marked_and_no_break() -> None:
    walker = Walker(KEY, TAG_KEY)
    entries = a_chain(4)
    entries[2] = replace(entries[2], recorded_at=NOON - timedelta(hours=1))
    assert [walker.step(entry) for entry in entries] == [None] * 4
    assert (walker.backdated, walker.first_backdated) == (1, 3)


def test_neighbours_slightly_out_of_order_are_not_marked() -> None:
    walker = Walker(KEY, TAG_KEY)
    entries = a_chain(3)
    entries[2] = replace(entries[2], recorded_at=NOON - timedelta(seconds=30))
    for entry in entries:
        walker.step(entry)
    assert walker.backdated == 0
