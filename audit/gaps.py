"""What the checkpoint file saw and the database does not hold any more: the sign that an older backup was put back.

Until somebody has said so (`manage.py restored`, an event of type `installation.restored`), Steward does nothing by
itself and adds nothing to the file: the occurrences of the lost time may have run already.
"""

from dataclasses import dataclass
from datetime import datetime

from audit import chain, checkpoints, eras
from audit.checkpoints import Checkpoint
from audit.events import InstallationEvent
from audit.links import COLUMNS
from audit.models import AuditCheckpoint, AuditEvent, AuditSeal


@dataclass(frozen=True, slots=True)
class Gap:
    """Records after number `kept` up to `seen` are gone; a checkpoint of `seen_at` saw the last of them."""

    kept: int
    seen: int
    seen_at: datetime


def found() -> Gap | None:
    """The gap nobody has answered for yet, or None: the usual case costs one look at the file's end and one query.

    A database with a history of its own beside somebody else's file has none: `verify` says what is wrong there.
    """
    lost = _lost()
    if lost is None or answer_to(lost) is not None:
        return None
    kept = AuditSeal.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    return Gap(kept, lost.seq, datetime.fromisoformat(lost.taken_at))


def settle() -> bool:
    """Put the file aside that speaks of what is gone, if somebody has answered for that; False if nobody has.

    Each host that keeps such a file does so by itself. What is put aside is never read again, nor deleted.
    """
    lost = _lost()
    if lost is None:
        return True
    if answer_to(lost) is None:
        return False
    path = checkpoints.file_path()
    stamp = lost.taken_at.replace(":", "").replace("-", "").partition(".")[0]
    path.rename(path.with_name(f"checkpoints.lost-{stamp}Z.jsonl"))
    return True


def answer_to(lost: Checkpoint) -> int | None:
    """The row id of the genuine event by which somebody said, after this checkpoint, that a backup was restored."""
    events = AuditEvent.objects.filter(
        type=InstallationEvent.RESTORED, recorded_at__gte=datetime.fromisoformat(lost.taken_at)
    )
    found = list(events.order_by("id").values(*COLUMNS))
    known = eras.load() if found else None
    for values in found:
        if known and known.has_recorded(values):
            return int(values["id"])
    return None


def _lost() -> Checkpoint | None:
    """The file's last word, if it is ours and of this very history, and the database knows nothing of it."""
    last = checkpoints.last_line(checkpoints.file_path())
    is_known = last is None or _holds(last) or not last.is_genuine() or not _is_of_this_history()
    return None if is_known else last


def _holds(item: Checkpoint) -> bool:
    mac = AuditSeal.objects.filter(seq=item.seq).values_list("mac", flat=True).first()
    return mac is not None and chain.is_same(mac, item.mac)


def _is_of_this_history() -> bool:
    """Whether the first that the file says is what the table says, too; neither is ever taken back."""
    first = next((line for line in checkpoints.read_file(checkpoints.file_path()) if line is not None), None)
    return first is not None and AuditCheckpoint.objects.filter(seq=first.seq, mac=first.mac).exists()
