"""Leaves every decision of the API's door with `policies.decisions`, from one place."""

from typing import Any

from identities.access.models import RoleBinding
from identities.access.permissions import PERMISSIONS
from identities.access.principal import Principal
from identities.inventory import usage
from identities.policies import decisions


def record(principal: Principal, permission: str, view: Any, *, allowed: bool, reason: str = "") -> None:
    """Note who asked for what and what was answered; allows are batched there, denials stand at once."""
    decisions.record_api_decision(
        principal=principal,
        permission=permission,
        resource_kind=view.resource_kind,
        resource_id=str(view.kwargs.get("id", "")),
        allowed=allowed,
        reason=reason,
        environment=principal.environment,
        machine_permission=permission if permission in PERMISSIONS else _asked_of_machines(view),
    )
    if allowed:
        for binding_id in principal.sources.get(permission, ()):
            usage.note_use(RoleBinding, binding_id)


def _asked_of_machines(view: Any) -> str:
    """What this door asks of a managed identity; nothing where it is closed to them."""
    method = str(view.request.method)
    needed: str | None = view.machine_permissions.get("GET" if method == "HEAD" else method)
    return needed or ""
