"""Leaves every decision of the API's door with `policies.decisions`, from one place."""

from typing import Any

from identities.access.principal import Principal

try:
    from identities.policies import decisions
except ImportError:  # until the room is there
    decisions = None  # type: ignore[assignment]


def record(principal: Principal, permission: str, view: Any, *, allowed: bool, reason: str = "") -> None:
    """Note who asked for what and what was answered; allows are batched there, denials stand at once."""
    if decisions is None:
        return
    decisions.record_api_decision(
        principal=principal,
        permission=permission,
        resource_kind=view.resource_kind,
        resource_id=str(view.kwargs.get("id", "")),
        allowed=allowed,
        reason=reason,
        environment=principal.environment,
    )
