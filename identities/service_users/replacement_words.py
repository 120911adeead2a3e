"""What is said of a replacement in plain words: what no managed identity may do, and what is different for one."""

from collections.abc import Iterable

from identities.access.matrix import Duty
from identities.people.models import PortalRole, User
from identities.service_users.least_role import Uncovered

NOTHING_DONE = (
    "This account did nothing that was recorded in {days} days: the role would be empty, and whatever uses the account "
    "would be refused. Choose the permissions by hand if you know what it does."
)
WIDE = "An AUDITOR reads every tenant; a managed identity sees its own tenant and no other."
MISSED = "What is listed as not covered needs a person, or an account that stays."
LEFT_OUT = "left out of the role by choice"
#: Where the same permission means less, or more, for a managed identity than the duty did for the account.
DIFFERS = {
    "schedule.write": "A managed identity may only write schedules that run as itself.",
    "schedule.run": "It lets run, pause and cancel every schedule of the tenant, not only those the account owned.",
    "audit.read": "It reads the whole audit of the tenant, not only what the account itself did.",
    "credential.rotate": "A managed identity is shown no secret of an identity that may do more than itself.",
    "identity.write": "A managed identity does not move its own limits: environment, tier, expiry, review.",
}
#: Said of an ANALYST's own rows only.
_OF_OWN_ROWS = frozenset({"schedule.run", "audit.read"})
_OWN_ACCOUNT = "Its own account (profile, password, history): a managed identity has none and needs none."
_DOING: dict[Duty | None, str] = {
    Duty.READ_REGISTER: "Reading {thing}",
    Duty.READ_AUDIT: "Reading the audit of {thing}",
    Duty.REPORT: "Asking for, or commenting on, {thing}",
    Duty.OPERATE_SCHEDULE: "Operating {thing}",
    Duty.CANCEL_OWN_REQUEST: "Taking back {thing}",
    Duty.UNDO_DECISION: "Undoing decisions on {thing}",
    Duty.DECIDE_REQUEST: "Deciding on {thing}",
    Duty.GOVERN: "Seeing or changing {thing}",
}
_THINGS = {
    "user": "people and service users",
    "policy": "resource policies",
    "identity": "managed identities",
    "identity_request": "requests for identities",
    "break_glass": "break-glass grants",
    "standards": "the identity policy",
    "delivery": "deliveries",
    "": "other things",
}


def said_of(done: Uncovered) -> str:
    """One sentence about something that was done and that no managed identity may do."""
    if not done.matters:
        return _OWN_ACCOUNT
    thing = _THINGS.get(done.resource_kind, f"{done.resource_kind.replace('_', ' ')}s")
    doing = _DOING.get(_duty(done.duty), f"{done.duty.replace('_', ' ').capitalize()} on {{thing}}").format(thing=thing)
    if done.is_ambiguous:
        return f"{doing}: some of it is open to managed identities, and the records do not say which this was."
    return f"{doing}: open to people and service users only."


def warnings(user: User, *, permissions: Iterable[str], uncovered: Iterable[Uncovered], days: int) -> tuple[str, ...]:
    """What whoever replaces this account should know before; nothing where nothing is different."""
    held, missed = tuple(permissions), [one for one in uncovered if one.matters]
    said = [] if held or missed else [NOTHING_DONE.format(days=days)]
    said += [WIDE] if user.role == PortalRole.AUDITOR else []
    said += [MISSED] if missed else []
    is_wider = user.role == PortalRole.ANALYST
    return (*said, *(DIFFERS[name] for name in held if name in DIFFERS and (is_wider or name not in _OF_OWN_ROWS)))


def _duty(text: str) -> Duty | None:
    try:
        return Duty(text)
    except ValueError:
        return None
