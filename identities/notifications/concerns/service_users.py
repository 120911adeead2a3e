"""Events about a service user: its row in the register."""

from collections.abc import Sequence
from typing import ClassVar

from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.notifications.concerns.base import Concern, Found, as_id


class OfServiceUsers(Concern):
    """One query where an account is among the subjects; a person's has no row."""

    kind: ClassVar[str] = "service_user"

    def identities(self, events: Sequence[AuditEvent]) -> Found:
        subjects = {event.uuid: as_id(event.subject_id) for event in events if event.subject_kind == "user"}
        accounts = {key for key in subjects.values() if key}
        if not accounts:
            return {}
        rows = ManagedIdentity.objects.filter(account__in=accounts).values_list("account_id", "pk")
        known = dict(rows)
        return {uuid: {known[key]} for uuid, key in subjects.items() if key in known}
