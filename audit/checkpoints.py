"""Signed statements of how far the chain had come, in a table and, out of the database's reach, in a file."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import transaction

from audit import chain, eras, keys
from audit.eras import Eras
from audit.models import AuditCheckpoint, SealHead

INTERVAL = timedelta(seconds=30)
KEY = eras.CHECKPOINT
MAX_LINE = 4096


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`count` records up to number `seq`, whose mac was `mac`; `taken_at` in the chain's own written form."""

    seq: int
    mac: str
    count: int
    taken_at: str
    signature: str

    @classmethod
    def of_row(cls, row: AuditCheckpoint) -> Self:
        return cls(row.seq, row.mac, row.count, chain.moment(row.taken_at), row.signature)

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Raises `ValueError` when the line is not one that `as_line` wrote."""
        try:
            data = json.loads(line)
            found = cls(data["seq"], data["mac"], data["count"], data["takenAt"], data["signature"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            msg = "not a checkpoint"
            raise ValueError(msg) from error
        numbers = all(type(number) is int for number in (found.seq, found.count))
        if not numbers or not all(isinstance(text, str) for text in (found.mac, found.taken_at, found.signature)):
            msg = "not a checkpoint"
            raise ValueError(msg)
        return found

    def as_line(self) -> str:
        fields = {"seq": self.seq, "mac": self.mac, "count": self.count, "takenAt": self.taken_at}
        return json.dumps(fields | {"signature": self.signature}) + "\n"

    def is_genuine(self, known: Eras | None = None) -> bool:
        """Whether it was signed with a key of its era, or of a later one. Whoever asks for many has `known` them."""
        signing = (known or eras.load()).checkpoint_keys(self.seq)
        return self.count == self.seq and any(chain.is_same(self.signature, self.signed(key)) for key in signing)

    def signed(self, key: bytes | None = None) -> str:
        """The signature these values should carry, by the present key if no other is given."""
        fields = {"seq": self.seq, "mac": self.mac, "count": self.count, "taken_at": self.taken_at}
        return chain.signature(key or keys.derived_key(KEY), fields)


def file_path() -> Path:
    """The file beside the database; a copy of it elsewhere is what proves a tail."""
    return Path(settings.DATA_DIR) / "checkpoints.jsonl"


def take(at: datetime, interval: timedelta = INTERVAL) -> AuditCheckpoint | None:
    """Sign the present head, if it moved and the last checkpoint is at least `interval` old, and write the file on.

    The file is written after the commit, and catches up on whatever an earlier attempt could not write.
    """
    with transaction.atomic():
        head = SealHead.locked()
        last = AuditCheckpoint.objects.order_by("-seq").first()
        is_fresh = last is not None and timedelta(0) <= at - last.taken_at < interval
        is_news = head.seq > (last.seq if last else 0) and not is_fresh
        row = _sign(head, at) if is_news and eras.is_ours(head) else None
    write_out(file_path())
    return row


def write_out(path: Path) -> int:
    """Append the table's checkpoints that the file does not have yet, and make them durable; how many there were."""
    last = last_line(path)
    pending = AuditCheckpoint.objects.filter(seq__gt=last.seq if last else 0).order_by("seq")
    found = [Checkpoint.of_row(row) for row in pending[:10_000]]
    known = eras.load() if found else None
    lines = [checkpoint.as_line() for checkpoint in found if checkpoint.is_genuine(known)]
    if lines:
        _append(path, "".join(lines))
    return len(lines)


def read_file(path: Path) -> Iterator[Checkpoint | None]:
    """Each line as a checkpoint, `None` for a line that is none (a crash can tear the last one)."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        while line := lines.readline(MAX_LINE):
            if not line.strip():
                continue
            try:
                yield Checkpoint.of_line(line)
            except ValueError:
                yield None


def _sign(head: SealHead, at: datetime) -> AuditCheckpoint:
    unsigned = Checkpoint(head.seq, head.mac, head.seq, chain.moment(at), "")
    return AuditCheckpoint.objects.create(
        seq=head.seq, mac=head.mac, count=head.seq, taken_at=at, signature=unsigned.signed()
    )


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A line torn by a crash must not swallow the one that follows it.
        os.write(descriptor, (text if is_new or _ends_in_newline(path) else "\n" + text).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_in_newline(path: Path) -> bool:
    tail = _tail(path)
    return not tail or tail.endswith(b"\n")


def last_line(path: Path) -> Checkpoint | None:
    """The last line that can be read; None of a file that is empty or not there."""
    for line in reversed(_tail(path).decode(errors="replace").splitlines()):
        try:
            return Checkpoint.of_line(line)
        except ValueError:
            continue
    return None


def _tail(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as content:
        content.seek(max(0, path.stat().st_size - 2 * MAX_LINE))
        return content.read()
