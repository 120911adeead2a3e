"""The record that each step of a rotation leaves, and its count for Prometheus."""

from collections.abc import Mapping

from prometheus_client import Counter

from audit import services as audit
from audit.actors import Actor
from audit.changes import Changes
from identities.credentials.models import Rotation
from identities.credentials.naming import Credential, details, hint, subject_of
from identities.credentials.rotation_rows import pair, text_of
from identities.events import CredentialEvent

STEPS = Counter("steward_rotation_steps", "Steps of rotations, by what happened.", ["event"])


def record(
    event: CredentialEvent,
    rotation: Rotation,
    *,
    actor: Actor,
    of: Credential | None = None,
    reason: str = "",
    changes: Changes | None = None,
    more: Mapping[str, object] | None = None,
) -> None:
    """One record, about the new one unless `of` names the other, with the evidence as it stood."""
    _, new = pair(rotation)
    audit.record(
        event,
        actor=actor,
        subject=subject_of(of or new),
        reason=reason,
        changes=changes,
        details=_told(rotation) | dict(more or {}),
    )
    STEPS.labels(event.value.removeprefix("credential.")).inc()


def _told(rotation: Rotation) -> dict[str, object]:
    old, new = pair(rotation)
    return details(new) | {
        "rotation_id": str(rotation.pk),
        "state": str(rotation.state),
        "old": hint(old),
        "new": hint(new),
        "cutover_deadline": rotation.cutover_deadline.isoformat(),
        "silent_seconds": rotation.silent_seconds,
        "new_first_used_at": text_of(new.first_used_at),
        "old_last_used_at": text_of(old.last_used_at),
        "listening_since": text_of(rotation.watched_since),
    }
