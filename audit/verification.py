"""Verifying: walks the whole chain against the head, the checkpoints and the events nobody sealed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils import timezone

from audit import checkpoints, eras, evidence, triggers
from audit.links import GRACE
from audit.models import AuditVerification
from audit.walk import Break, Walker


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk found. `unsealed` events are recorded and not yet numbered: normal for some seconds."""

    sealed: int
    unsealed: int
    checkpoints: int
    first_break: Break | None
    backdated: int = 0
    first_backdated: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_intact(self) -> bool:
        return self.first_break is None

    def line(self) -> str:
        """The verdict in one line."""
        if self.first_break:
            return f"The audit trail is broken ({self.first_break.kind}): {self.first_break.message}."
        plural = "" if self.sealed == 1 else "s"
        counted = f"{self.sealed} record{plural} sealed, {self.unsealed} waiting, {self.checkpoints} checkpoints agree"
        clock = (
            f", {self.backdated} older than the one before (first: {self.first_backdated})" if self.backdated else ""
        )
        return f"The audit trail is intact: {counted}{clock}{''.join(f'; {note}' for note in self.notes)}."

    def as_json(self) -> dict[str, object]:
        found = self.first_break
        return {
            "intact": self.is_intact,
            "sealed": self.sealed,
            "unsealed": self.unsealed,
            "checkpoints": self.checkpoints,
            "firstBreak": {**asdict(found), "kind": found.kind.value} if found else None,
            "backdated": self.backdated,
            "firstBackdated": self.first_backdated,
            "notes": list(self.notes),
        }


def verify(checkpoint_file: Path | None = None) -> Verdict:
    """Walk every sealed record and name the first break; memory does not grow with the trail, nothing is written.

    Checked against: each record's link, the head, the checkpoints in the table and in a file (`checkpoint_file`, or
    the one in the data directory), and the tags of events without a seal. Sealing may go on meanwhile.
    Found without a file: any change, insertion, removal or swap inside the chain. Found only with a file the attacker
    could not reach: a tail cut off cleanly, an older dump put back, a chain rewritten with the stolen key.
    Not found: an event removed in the seconds before it was sealed. Raises `OSError` for an unreadable file.
    """
    outside = checkpoint_file or checkpoints.file_path()
    notes = [] if checkpoint_file or outside.exists() else [f"no checkpoint file at {outside}"]
    extent = evidence.Extent()
    known = eras.load()
    stated = evidence.Statements(outside if checkpoint_file or outside.exists() else None, known)
    walker = Walker(known.present.chain, known.present.tag, known.past)
    found = [*_walked(walker), *stated.breaks(), *extent.breaks(), *evidence.breaks_of(known)]
    if found and eras.load() != known:
        return verify(checkpoint_file)  # the key was replaced while we walked
    unsealed, stray = evidence.strays(extent.swept_id, timezone.now() - GRACE)
    earliest = min(found, key=lambda item: item.seq or 0, default=stray)
    if missing := triggers.missing_triggers():
        notes.append(f"the database does not refuse changes ({', '.join(missing)} missing; migrate puts them back)")
    if stated.unreadable:
        notes.append(f"{stated.unreadable} unreadable lines in the checkpoint file")
    counts = (walker.seq, unsealed, stated.genuine, earliest, walker.backdated, walker.first_backdated)
    return Verdict(*counts, tuple(notes))


def _walked(walker: Walker) -> Iterator[Break]:
    for entry in evidence.entries():
        found = walker.step(entry)
        if found:
            yield found
            return


def note(verdict: Verdict) -> AuditVerification:
    """Keep the verdict for the screens."""
    found = verdict.first_break
    return AuditVerification.objects.create(
        finished_at=timezone.now(),
        sealed=verdict.sealed,
        unsealed=verdict.unsealed,
        is_intact=verdict.is_intact,
        break_kind=found.kind.value if found else "",
        break_seq=found.seq if found else None,
        message=verdict.line(),
    )
