"""Service users that did something, for tests of the way out."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from identities.people.actors import actor_of
from identities.people.models import User
from identities.policies.models import AuthorizationDecision
from identities.service_users import replacing
from identities.service_users.replacing import Begun
from tests.factories import people

SYSTEM = people.SYSTEM


def did(
    user: User,
    permission: str,
    *,
    kind: str = "identity",
    times: int = 1,
    ago: timedelta = timedelta(hours=1),
    machine_permission: str | None = None,
    **more: Any,
) -> None:
    """Allowed decisions of a service user: as they are written today, or with an empty column as they were."""
    actor = actor_of(user)
    named = permission if machine_permission is None and "." in permission else machine_permission or ""
    AuthorizationDecision.objects.bulk_create(
        AuthorizationDecision(
            at=timezone.now() - ago,
            tenant_id=user.tenant_id,
            actor_kind=actor.kind.value,
            actor_id=actor.id,
            actor_label=actor.label,
            permission=permission,
            machine_permission=named,
            resource_kind=kind,
            outcome=more.get("outcome", "allow"),
            resource_id=more.get("resource_id", ""),
            correlation_id=more.get("correlation_id", ""),
            stage="api",
        )
        for _ in range(times)
    )


def begun(user: User, **choices: Any) -> Begun:
    """A replacement that goes on."""
    return replacing.begin(user, actor=SYSTEM, reason="We stop using passwords.", **choices)


def moved_over(one: Begun, *, at: datetime | None = None) -> None:
    """The identity was used at `at`, now if silent; only the mark."""
    one.identity.last_used_at = at or timezone.now()
    one.identity.save(update_fields=["last_used_at"])
