"""Node `agent_health_check`: service users of the tenant whose refresh failed."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from identities.access.permissions import AUDIT_READ
from identities.access.selectors import permissions_of_role_names
from identities.service_users import health
from scheduling.models import ScheduleRun
from scheduling.nodes.base import Answer, Failure, Later, Node, NodeContext, Success

#: Of one turn; what is left then is found by the next one, which another worker may take.
LONGEST = 60.0


class AgentHealthCheck(Node):
    """Finds each failed refresh of a service user once, whenever it was last asked, and says so where people look.

    Done again, or twice at once, it finds what is left. It acts as the run's identity, which needs `audit.read`. The
    payload is `{found, reasons}` of its last turn.
    """

    kind = "agent_health_check"
    label = "Look for service users whose refresh failed"

    @dataclass(frozen=True)
    class Params:
        pass

    params: Params

    def execute(self, context: NodeContext) -> Answer:
        held = permissions_of_role_names(context.tenant_id, context.actor.roles)
        if AUDIT_READ not in held:
            return Failure(reason=f"Missing {AUDIT_READ} permission", status=403)
        schedule_id = ScheduleRun.objects.values_list("schedule_id", flat=True).get(pk=context.run_id)
        began, reasons = time.monotonic(), Counter[str]()
        while True:
            found = health.look(
                context.tenant_id, actor=context.actor.as_actor(), schedule_id=schedule_id, at=timezone.now()
            )
            reasons.update(incident.reason for incident in found)
            if len(found) < health.MOST:
                return Success(payload={"found": reasons.total(), "reasons": dict(sorted(reasons.items()))})
            if time.monotonic() - began > LONGEST:
                return Later(until=timezone.now() + timedelta(seconds=1))
