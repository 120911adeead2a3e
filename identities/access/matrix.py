"""What each portal role may do: the one table that the API and the admin both read.

A row is a kind of work (`Duty`), a cell is how far a role's hand goes in it (`Reach`). Some rows are narrower
than a cell can say, and the service or face of that work narrows them further:

- `READ_AUDIT`: an ANALYST sees the rows in which they are the actor.
- `REPORT`: to ask that a secret may be read is among it, as is a request for an identity; granting is `GOVERN`.
- `OPERATE_SCHEDULE`: an ANALYST only for schedules they own (owner, or in the owning team).
- `UNDO_DECISION`: an ANALYST only for review items of which they are the reviewer.
- `DECIDE_REQUEST`: an ANALYST only for identities they own, and nobody for a request of their own.
- `CANCEL_OWN_REQUEST`, `OWN_PROFILE`: one's own, whatever the role.
- `SIGN_IN_TO_ADMIN`: an AUDITOR's admin is read-only by the `GOVERN` row; a service user is never let in.
- `GOVERN` of tenants themselves: the platform administrator alone.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from identities.people.models import PortalRole


class Reach(StrEnum):
    """How far a role's hand goes in one kind of work."""

    NONE = "none"
    OWN = "own"
    TENANT = "tenant"
    EVERY = "every"


class Duty(StrEnum):
    """The kinds of work, one a row."""

    READ_REGISTER = "read_register"
    READ_AUDIT = "read_audit"
    REPORT = "report"
    OPERATE_SCHEDULE = "operate_schedule"
    OWN_PROFILE = "own_profile"
    CANCEL_OWN_REQUEST = "cancel_own_request"
    UNDO_DECISION = "undo_decision"
    DECIDE_REQUEST = "decide_request"
    GOVERN = "govern"
    SIGN_IN_TO_ADMIN = "sign_in_to_admin"


Row = Mapping[PortalRole, Reach]


def _row(read_only: Reach, analyst: Reach, auditor: Reach, admin: Reach) -> Row:
    cells = (read_only, analyst, auditor, admin)
    roles = (PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR, PortalRole.ADMIN)
    return MappingProxyType(dict(zip(roles, cells, strict=True)))


MATRIX: Mapping[Duty, Row] = MappingProxyType(
    {
        #                                READ_ONLY     ANALYST       AUDITOR      ADMIN
        Duty.READ_REGISTER: _row(Reach.TENANT, Reach.TENANT, Reach.EVERY, Reach.TENANT),
        Duty.READ_AUDIT: _row(Reach.NONE, Reach.OWN, Reach.EVERY, Reach.TENANT),
        Duty.REPORT: _row(Reach.NONE, Reach.TENANT, Reach.NONE, Reach.TENANT),
        Duty.OPERATE_SCHEDULE: _row(Reach.NONE, Reach.OWN, Reach.NONE, Reach.TENANT),
        Duty.OWN_PROFILE: _row(Reach.OWN, Reach.OWN, Reach.OWN, Reach.OWN),
        Duty.CANCEL_OWN_REQUEST: _row(Reach.NONE, Reach.OWN, Reach.NONE, Reach.TENANT),
        Duty.UNDO_DECISION: _row(Reach.NONE, Reach.OWN, Reach.NONE, Reach.TENANT),
        Duty.DECIDE_REQUEST: _row(Reach.NONE, Reach.OWN, Reach.NONE, Reach.TENANT),
        Duty.GOVERN: _row(Reach.NONE, Reach.NONE, Reach.NONE, Reach.TENANT),
        Duty.SIGN_IN_TO_ADMIN: _row(Reach.OWN, Reach.OWN, Reach.OWN, Reach.OWN),
    }
)


def reach(role: PortalRole | str | None, duty: Duty) -> Reach:
    """How far `role` goes in `duty`; a role nobody knows goes nowhere."""
    try:
        return MATRIX[duty][PortalRole(role or "")]
    except (KeyError, ValueError):
        return Reach.NONE


def may(role: PortalRole | str | None, duty: Duty) -> bool:
    """Whether `role` may take up `duty` at all."""
    return reach(role, duty) is not Reach.NONE
