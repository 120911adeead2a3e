"""What leaves Steward for a channel: an allow list of what an event may say, masked once more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.models import AuditEvent
from audit.scrubbing import clean_text
from identities.notifications import links

#: The only details that go out; each is a word, a number or an id.
DETAILS = frozenset(
    {
        "attempt", "campaign_id", "cause", "client_id", "code", "cutover_deadline", "days_before", "decision", "due_at",
        "identityId", "identity_id", "rotation_id", "severity", "state", "status",
    }
)  # fmt: skip
LONGEST = 500
TEST, DIGEST = "steward.test", "steward.digest"


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it goes out."""

    id: UUID
    type: str
    at: datetime
    outcome: str
    subject: Mapping[str, str]
    actor: Mapping[str, str]
    reason: str
    details: Mapping[str, Any]
    link: str

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "type": self.type,
            "timestamp": moment(self.at),
            "outcome": self.outcome,
            "subject": dict(self.subject),
            "actor": dict(self.actor),
            "reason": self.reason,
            "details": dict(self.details),
            "link": self.link,
        }


@dataclass(frozen=True, slots=True)
class Message:
    """What a sink sends. `id` stays over every try: a receiver can tell a second one from a new one."""

    id: str
    at: datetime
    tenant_id: str
    tenant: str
    subject: str
    link: str
    told: Sequence[Told] = field(default=())

    @property
    def is_test(self) -> bool:
        return not self.told

    def as_json(self) -> dict[str, Any]:
        """`{type, timestamp, data}`: one event as itself, several as `steward.digest`."""
        tenant = {"id": self.tenant_id, "name": self.tenant}
        if len(self.told) == 1:
            one = self.told[0].as_json()
            return {"type": one.pop("type"), "timestamp": one.pop("timestamp"), "data": {"tenant": tenant, **one}}
        kind = TEST if self.is_test else DIGEST
        data = {"tenant": tenant, "subject": self.subject, "link": self.link}
        more = {} if self.is_test else {"events": [event.as_json() for event in self.told]}
        return {"type": kind, "timestamp": moment(self.at), "data": {**data, **more}}


def told_of(event: AuditEvent) -> Told:
    """An event as it may leave: labels and reason masked and cut, of the details only those allowed."""
    return Told(
        id=event.uuid,
        type=event.type,
        at=event.recorded_at,
        outcome=event.outcome,
        subject={"kind": event.subject_kind, "id": event.subject_id, "label": clean_text(event.subject_label, LONGEST)},
        actor={"kind": event.actor_kind, "label": clean_text(event.actor_label, LONGEST)},
        reason=clean_text(event.reason, LONGEST),
        details=_allowed(event.details),
        link=links.of_event(event.subject_kind, event.subject_id, event.pk),
    )


def moment(at: datetime) -> str:
    """RFC 3339, in UTC."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _allowed(details: Any) -> dict[str, Any]:
    if not isinstance(details, Mapping):
        return {}
    kept = {name: value for name, value in details.items() if name in DETAILS}
    plain = {name: clean_text(value, LONGEST) if isinstance(value, str) else value for name, value in kept.items()}
    return {name: value for name, value in sorted(plain.items()) if isinstance(value, str | int | bool)}
