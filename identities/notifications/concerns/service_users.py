"""Events about a service user: the identity of that kind in the register that bears its address as its name."""

from collections.abc import Sequence
from typing import ClassVar

from django.db.models.functions import Lower

from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import Kind
from identities.notifications.concerns.base import Concern, Found, as_id
from identities.people.models import User


class OfServiceUsers(Concern):
    """Two queries where a service user is among the subjects, one where a person is."""

    kind: ClassVar[str] = "service_user"

    def identities(self, events: Sequence[AuditEvent]) -> Found:
        subjects = {event.uuid: as_id(event.subject_id) for event in events if event.subject_kind == "user"}
        if not subjects:
            return {}
        agents = User.objects.filter(pk__in={key for key in subjects.values() if key}, is_agent=True)
        accounts = {key: (tenant, email) for key, tenant, email in agents.values_list("pk", "tenant_id", "email")}
        if not accounts:
            return {}
        rows = ManagedIdentity.objects.filter(kind=Kind.SERVICE_USER).annotate(called=Lower("name"))
        named = rows.filter(called__in=[email for _, email in accounts.values()])
        known = {(tenant, name): key for tenant, name, key in named.values_list("tenant_id", "called", "pk")}
        found = {uuid: known.get(accounts.get(key, (None, ""))) for uuid, key in subjects.items() if key}  # type: ignore[arg-type]
        return {uuid: {key} for uuid, key in found.items() if key}
