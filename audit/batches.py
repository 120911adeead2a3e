"""Many events of one type that one actor causes on many subjects: what they have in common is cleaned once."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from audit.actors import Actor, Subject
from audit.links import tag_of
from audit.models import AuditEvent, plain_record
from audit.scrubbing import clean_members, clean_text
from audit.services import compose

_LABEL = AuditEvent._meta.get_field("subject_label").max_length or 0


class Batch:
    """Events as `compose` would make them, one a subject, by column and not inserted yet.

    For commands that write hundreds of rows by one statement; all others call `record`, or `compose` for a few. What
    surrounds the work (`audit.context`) and the time are those of its making: make one for each command.
    """

    def __init__(self, event: str, *, actor: Actor, subject_kind: str, reason: str = "") -> None:
        first = compose(event, actor=actor, subject=Subject(subject_kind, "", "", actor.tenant_id), reason=reason)
        fields = (field for field in AuditEvent._meta.local_concrete_fields if not field.primary_key)
        self._stays = {field.attname: getattr(first, field.attname) for field in fields}

    def values(
        self, *, subject_id: UUID, label: str, details: Mapping[str, object], correlation_id: str, run_id: UUID | None
    ) -> dict[str, object]:
        """One of them, JSON as it is. The correlation id is one of ours (`context.new_correlation_id`)."""
        row = self._stays | {
            "uuid": uuid4(),
            "subject_id": str(subject_id),
            "subject_label": clean_text(label, _LABEL),
            "details": self._stays["details"] | clean_members(details),
            "correlation_id": correlation_id,
            "run_id": run_id,
        }
        row["tag"] = tag_of(plain_record(row))
        return row
