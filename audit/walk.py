"""Walking the chain: one entry at a time, in constant memory, to the first that does not fit.

Pure: entries come in, a `Break` or nothing comes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from audit import chain

# Transactions overlap, so neighbours may be a little out of order without any clock having moved.
CLOCK_TOLERANCE = timedelta(seconds=60)


class BreakKind(StrEnum):
    """How something does not fit; the words are part of the outside (`verify_audit --json`)."""

    CHANGED = "changed"
    MOVED = "moved"
    DELETED = "deleted"
    CUT = "cut"
    REWRITTEN = "rewritten"
    HEAD = "head"
    INSERTED = "inserted"
    UNSEALED = "unsealed"
    CHECKPOINT = "checkpoint"
    ERA = "era"


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that does not fit. `seq` is its number in the chain, `event` the row's uuid or id if known."""

    kind: BreakKind
    message: str
    seq: int | None = None
    event: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One seal with what it covers, its tag and row id included; `record` is `None` when the event is gone."""

    seq: int
    mac: str
    event_id: int
    record: chain.Fields | None
    recorded_at: datetime | None = None
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Era:
    """The keys of the records up to number `until`, whose mac was `mac`; the present era is open and has neither."""

    key_id: str
    chain: bytes = field(repr=False)
    tag: bytes = field(repr=False)
    checkpoint: bytes = field(repr=False)
    until: int | None = None
    mac: str = ""

    def holds(self, seq: int) -> bool:
        return self.until is None or seq <= self.until


class Walker:
    """Feed it entries in order of `seq`; it remembers the last number and mac, and nothing else.

    Records of a `past` era are walked with its keys, and end in the very mac that was there when it was closed: whoever
    has those keys can change nothing before it.
    """

    def __init__(self, key: bytes, tag_key: bytes, past: Sequence[Era] = ()) -> None:
        self._key = key
        self._tag_keys = (tag_key, *(era.tag for era in past))
        self._past = past
        self.seq = 0
        self.mac = chain.GENESIS
        self.backdated = 0
        self.first_backdated: int | None = None
        self._recorded_at: datetime | None = None

    def step(self, entry: Entry) -> Break | None:
        """What is wrong with `entry` as the next one, if anything; it becomes the last one only when nothing is."""
        expected = self.seq + 1
        if entry.seq != expected:
            message = f"record {expected} is missing: after {self.seq} comes {entry.seq}"
            return Break(BreakKind.DELETED, message, expected)
        found = self._fault(entry)
        if found is None:
            self._mark_clock(entry)
            self.seq, self.mac = entry.seq, entry.mac
        return found

    def _fault(self, entry: Entry) -> Break | None:
        if not entry.is_readable:
            return Break(BreakKind.CHANGED, f"record {entry.seq} cannot be read", entry.seq, str(entry.event_id))
        if entry.record is None:
            message = f"record {entry.seq} is sealed, and its event {entry.event_id} is gone"
            return Break(BreakKind.DELETED, message, entry.seq, str(entry.event_id))
        era = next((era for era in self._past if era.holds(entry.seq)), None)
        try:
            mac = chain.link(era.chain if era else self._key, entry.seq, self.mac, entry.record)
        except (TypeError, ValueError, RecursionError):
            mac = ""
        if chain.is_same(mac, entry.mac):
            return self._fault_of_end(entry, era)
        event = str(entry.record.get("uuid", entry.event_id))
        if self._is_genuine(entry.record):
            message = f"record {entry.seq} is genuine and does not belong here, or its seal was changed"
            return Break(BreakKind.MOVED, message, entry.seq, event)
        return Break(BreakKind.CHANGED, f"record {entry.seq} was changed after it was sealed", entry.seq, event)

    @staticmethod
    def _fault_of_end(entry: Entry, era: Era | None) -> Break | None:
        if era is None or entry.seq != era.until or chain.is_same(entry.mac, era.mac):
            return None
        message = f"record {entry.seq} is not the one at which the key was replaced: the chain was rewritten"
        return Break(BreakKind.REWRITTEN, message, entry.seq, str(entry.event_id))

    def _is_genuine(self, record: chain.Fields) -> bool:
        own = {name: value for name, value in record.items() if name not in chain.UNTAGGED}
        try:
            return any(chain.is_same(chain.tag(key, own), str(record.get("tag", ""))) for key in self._tag_keys)
        except (TypeError, ValueError, RecursionError):
            return False

    def _mark_clock(self, entry: Entry) -> None:
        at, before = entry.recorded_at, self._recorded_at
        if at and before and at < before - CLOCK_TOLERANCE:
            self.backdated += 1
            self.first_backdated = self.first_backdated or entry.seq
        self._recorded_at = at
