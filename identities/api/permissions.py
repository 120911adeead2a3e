"""May this caller do this? Asked once a request, of the matrix for people and of the roles for machines."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from identities.access.matrix import Duty, Reach
from identities.access.permissions import PERMISSIONS
from identities.access.principal import Principal
from identities.api.decisions import record
from identities.api.problems import InsufficientScope

PASSWORD_FIRST = "password_first"  # noqa: S105 - what is decided, in the log of decisions
MUST_CHANGE_PASSWORD = "Choose a new password first: PATCH /api/users/me/password."  # noqa: S105 - a sentence


class ByDuty(BasePermission):
    """Default deny: a view says for each method which duty it is, and which permission lets a machine in.

    `duties = {"GET": Duty.READ_REGISTER}`, `machine_permissions = {"GET": "identity.read"}` (absent = no machine),
    `open_methods = {"POST"}` for what needs no caller at all. A method the view does not have passes here, so
    that it is answered 405.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method in view.open_methods or not _is_implemented(view, method.lower()):
            return True
        principal: Any = request.user
        if not isinstance(principal, Principal):
            return False
        if principal.must_change_password and method not in view.before_new_password:
            refuse(principal, view, PASSWORD_FIRST, MUST_CHANGE_PASSWORD, code="password_reset_required")
        duty: Duty | None = view.duties.get(method)
        needed: str | None = view.machine_permissions.get(method)
        if not admits(principal, duty, needed):
            refuse(principal, view, needed or (duty or ""))
        record(principal, needed or str(duty), view, allowed=True)
        return True


def _is_implemented(view: Any, method: str) -> bool:
    return method in view.http_method_names and hasattr(view, method)


def admits(principal: Principal, duty: Duty | None, machine_permission: str | None) -> bool:
    """Whether the door opens at all; which rows are behind it is a question of reach."""
    if principal.is_machine:
        return machine_permission is not None and machine_permission in principal.permissions
    return duty is not None and principal.reach(duty) is not Reach.NONE


def refuse(principal: Principal, view: Any, permission: str, detail: str = "", code: str = "forbidden") -> None:
    """Say no with a 403, and leave the decision behind: for the door, and for views whose rows narrow a duty."""
    if principal.is_machine:
        reason = detail or (
            f"Missing {permission} permission" if permission in PERMISSIONS else "Not open to managed identities"
        )
        record(principal, permission, view, allowed=False, reason=reason)
        raise InsufficientScope(permission, detail=reason)
    reason = detail or f"The role {principal.role} may not do this"
    record(principal, permission, view, allowed=False, reason=reason)
    raise InsufficientScope(permission, detail=reason, code=code)
