"""Events about an identity, and those that name one among their details: findings, secrets, rotations, runs."""

from collections.abc import Sequence
from typing import ClassVar

from audit.models import AuditEvent
from identities.notifications.concerns.base import Concern, Found, as_id

NAMES = ("identity_id", "identityId", "managed_identity_id", "managedIdentityId")


class OfTheRegister(Concern):
    """What the event itself says; no query."""

    kind: ClassVar[str] = "register"

    def identities(self, events: Sequence[AuditEvent]) -> Found:
        return {event.uuid: found for event in events if (found := {key for key in map(as_id, _texts(event)) if key})}


def _texts(event: AuditEvent) -> list[object]:
    named = [event.details.get(name) for name in NAMES] if isinstance(event.details, dict) else []
    return [event.subject_id, *named] if event.subject_kind == "identity" else named
