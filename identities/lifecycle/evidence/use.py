"""What it did of late: decisions about it, who knocked, and its last lines of the audit."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from audit.models import AuditEvent
from identities.inventory.models import Knock, ManagedIdentity
from identities.lifecycle.evidence.base import Evidence, written
from identities.policies.models import AuthorizationDecision

MOST = 200
_DECISION = (
    "at", "permission", "resource_kind", "resource_id", "outcome", "reason", "address", "token_jti", "run_id",
)  # fmt: skip
_KNOCK = ("state", "since", "address", "user_agent", "first_at", "last_at", "times")
_EVENT = ("id", "recorded_at", "type", "outcome", "actor_label", "subject_kind", "subject_label", "reason", "address")


class Use(Evidence):
    """Kind `use`: the newest two hundred of each."""

    kind = "use"

    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        own = AuthorizationDecision.objects.filter(actor_id=str(identity.pk), tenant_id=identity.tenant_id)
        about = Q(actor_id=str(identity.pk)) | Q(subject_id=str(identity.pk))
        return {
            "decisions": written(own.order_by("-id")[:MOST], _DECISION),
            "knocks": written(Knock.objects.filter(identity=identity)[:MOST], _KNOCK),
            "audit": written(AuditEvent.objects.filter(about).order_by("-id")[:MOST], _EVENT),
        }
