"""How long a stop took: measured by itself, on the quarantine, on the identity and for Prometheus (S4-42, S4-43)."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from prometheus_client import Histogram

from audit import services as audit
from audit.actors import Actor
from identities.events import QuarantineEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.lifecycle.models import Quarantine

SECONDS = Histogram(
    "steward_quarantine_seconds",
    "From the call of a quarantine to its last effect here (contained) and everywhere (complete).",
    ["cause", "until"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 60, 3600, 14400, 86400),
)


def note_contained(row: Quarantine, *, seconds: float, is_complete: bool, actor: Actor) -> None:
    """The last effect here is done, `seconds` after the call; with nothing left to do elsewhere, it is complete."""
    row.contained_at = row.called_at + timedelta(seconds=seconds)
    row.save(update_fields=["contained_at"])
    _record(row, QuarantineEvent.CONTAINED, seconds, actor)
    if is_complete:
        note_complete(row, seconds=seconds, actor=actor)


def note_complete(row: Quarantine, *, seconds: float, actor: Actor) -> None:
    """Nothing is left to do, here or elsewhere: only now the time to revoke counts, and a drill has been passed."""
    row.complete_at = row.called_at + timedelta(seconds=seconds)
    row.save(update_fields=["complete_at"])
    measured: dict[str, object] = {"revocation_seconds": round(seconds, 3)}
    if row.is_drill:
        measured["revocation_tested_at"] = timezone.now()
    ManagedIdentity.objects.filter(pk=row.identity_id).update(**measured)
    for name, value in measured.items():
        setattr(row.identity, name, value)
    _record(row, QuarantineEvent.COMPLETED, seconds, actor)


def _record(row: Quarantine, event: QuarantineEvent, seconds: float, actor: Actor) -> None:
    # The audit's canonical form knows no fraction: milliseconds are whole numbers.
    details = {"quarantine_id": str(row.pk), "milliseconds": int(seconds * 1000)}
    audit.record(event, actor=actor, subject=subject_of(row.identity), details=details)
    until = "contained" if event is QuarantineEvent.CONTAINED else "complete"
    transaction.on_commit(lambda: SECONDS.labels(str(row.cause), until).observe(seconds))
