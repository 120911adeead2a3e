"""What the database and the checkpoint file hold to be verified, read in pieces so that memory stays small."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.db import DatabaseError
from django.db.models import Max

from audit import chain, checkpoints, gaps, links
from audit.checkpoints import Checkpoint
from audit.eras import Eras
from audit.links import COLUMNS
from audit.models import AuditCheckpoint, AuditEvent, AuditSeal, SealHead
from audit.walk import Break, BreakKind, Entry

CHUNK = 2000
Item = TypeVar("Item")


class Extent:
    """How far the chain says it goes. The three are read in this order because sealers may be at work."""

    def __init__(self) -> None:
        self.before = _last_seq()
        head = SealHead.objects.filter(id=1).first() or SealHead()
        self.seq, self.mac, self.swept_id = head.seq, head.mac, head.swept_id
        self.after = _last_seq()

    def breaks(self) -> Iterator[Break]:
        if self.after < self.seq:
            message = f"the tail is cut off: the head stands at {self.seq}, the last record is {self.after}"
            yield Break(BreakKind.CUT, message, self.after + 1)
        elif self.seq < self.before:
            message = f"the head was set back to {self.seq}, and records go on to {self.before}"
            yield Break(BreakKind.HEAD, message, self.seq + 1)
        elif self.seq and not chain.is_same(self._mac_at_head(), self.mac):
            yield Break(BreakKind.HEAD, f"the head does not carry the mac of record {self.seq}", self.seq)

    def _mac_at_head(self) -> str:
        return AuditSeal.objects.filter(seq=self.seq).values_list("mac", flat=True).first() or ""


class Statements:
    """The checkpoints of the table and of the file, each compared with the seal it speaks of."""

    def __init__(self, path: Path | None, known: Eras) -> None:
        self._path, self._known = path, known
        self.genuine = 0
        self.unreadable = 0

    def breaks(self) -> Iterator[Break]:
        """In the order met, not in the order of the chain; the earliest one is kept, so memory stays small."""
        earliest: Break | None = None
        for batch in batches(self._all()):
            macs = dict(AuditSeal.objects.filter(seq__in=[item.seq for item in batch]).values_list("seq", "mac"))
            for item in batch:
                fault = self._fault(item, macs.get(item.seq))
                if fault and (earliest is None or (fault.seq or 0) < (earliest.seq or 0)):
                    earliest = fault
        if earliest:
            yield earliest

    def _all(self) -> Iterator[Checkpoint]:
        for row in AuditCheckpoint.objects.order_by("seq").iterator(chunk_size=CHUNK):
            yield Checkpoint.of_row(row)
        for item in checkpoints.read_file(self._path) if self._path else ():
            if item is None:
                self.unreadable += 1
            else:
                yield item

    def _fault(self, item: Checkpoint, mac: str | None) -> Break | None:
        if not item.is_genuine(self._known):
            return Break(BreakKind.CHECKPOINT, f"the checkpoint at {item.seq} does not carry our signature", item.seq)
        self.genuine += 1
        if mac is None:
            return self._missing(item)
        if not chain.is_same(mac, item.mac):
            message = f"record {item.seq} is not the one its checkpoint of {item.taken_at} saw: the chain was rewritten"
            return Break(BreakKind.REWRITTEN, message + _answered(item), item.seq)
        return None

    def _missing(self, item: Checkpoint) -> Break:
        last = _last_seq()
        if item.seq <= last:
            return Break(BreakKind.DELETED, f"record {item.seq} is missing, and a checkpoint saw it", item.seq)
        message = f"the tail is cut off after {last}: a checkpoint of {item.taken_at} saw {item.seq} records"
        return Break(BreakKind.CUT, message + _answered(item), last + 1)


def breaks_of(known: Eras) -> Iterator[Break]:
    """What the changes of key show: one that nobody here made, or that the chain ends before one of them."""
    if known.stranger is not None:
        message = f"the change of key at {known.stranger} was not made by a key that is here"
        yield Break(BreakKind.ERA, message, known.stranger)
    until, last = known.past[-1].until if known.past else None, _last_seq()
    if until is not None and last < until:
        yield Break(BreakKind.CUT, f"the tail is cut off after {last}: the key was replaced at {until}", last + 1)


def _answered(lost: Checkpoint) -> str:
    """That somebody has said why: an excuse to be looked into, never one that makes the trail whole."""
    event_id = gaps.answer_to(lost)
    return f" (event {event_id} says that a backup was restored)" if event_id else ""


def entries() -> Iterator[Entry]:
    """Every seal in order of its number, with its event, whether that is still there or not."""
    last: int | None = None
    while chunk := _seals_after(last):
        records = _records([event_id for _, _, event_id in chunk])
        for seq, mac, event_id in chunk:
            yield _entry(seq, mac, event_id, records.get(event_id))
        last = chunk[-1][0]


def _seals_after(last: int | None) -> list[tuple[int, str, int]]:
    seals = AuditSeal.objects.order_by("seq")
    seals = seals if last is None else seals.filter(seq__gt=last)
    return list(seals.values_list("seq", "mac", "event_id")[:CHUNK])


def _entry(seq: int, mac: str, event_id: int, values: dict[str, Any] | None) -> Entry:
    if values is None:
        return Entry(seq, mac, event_id, None)
    try:
        record = links.covered(values)
    except (AttributeError, KeyError, TypeError, ValueError):
        return Entry(seq, mac, event_id, None, is_readable=False)
    return Entry(seq, mac, event_id, record, values["recorded_at"])


def _records(ids: list[int]) -> dict[int, dict[str, Any]]:
    try:
        return {row["id"]: row for row in AuditEvent.objects.filter(id__in=ids).values(*COLUMNS)}
    except (ValueError, TypeError, DatabaseError):
        return {event_id: _record(event_id) for event_id in ids if _exists(event_id)}


def _record(event_id: int) -> dict[str, Any]:
    try:
        return dict(AuditEvent.objects.values(*COLUMNS).get(id=event_id))
    except (ValueError, TypeError, DatabaseError):
        return {}  # somebody wrote what the column's type cannot be: `covered` fails on it


def _exists(event_id: int) -> bool:
    return AuditEvent.objects.filter(id=event_id).exists()


def strays(swept_id: int, settled_before: datetime) -> tuple[int, Break | None]:
    """How many events have no seal, and the first of them that should have one or is not ours at all."""
    count, first = 0, None
    for values in _unsealed_rows():
        count += 1
        first = first or _stray(values, swept_id, settled_before)
    return count, first


def _stray(values: dict[str, Any], swept_id: int, settled_before: datetime) -> Break | None:
    event = str(values.get("uuid", values["id"]))
    if not links.is_genuine(values):
        message = f"event {values['id']} was not written by Steward, or was changed before it was sealed"
        return Break(BreakKind.INSERTED, message, None, event)
    if values["id"] <= swept_id or values["recorded_at"] < settled_before:
        message = f"event {values['id']} should have been sealed long ago and is not"
        return Break(BreakKind.UNSEALED, message, None, event)
    return None


def _unsealed_rows() -> Iterator[dict[str, Any]]:
    ids = AuditEvent.objects.unsealed().order_by("id").values_list("id", flat=True)
    for batch in batches(ids.iterator(chunk_size=CHUNK)):
        rows = _records(batch)
        yield from (rows[event_id] or {"id": event_id} for event_id in batch if event_id in rows)


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists of at most `CHUNK`."""
    source = iter(items)
    while batch := list(islice(source, CHUNK)):
        yield batch


def _last_seq() -> int:
    return AuditSeal.objects.aggregate(found=Max("seq"))["found"] or 0
