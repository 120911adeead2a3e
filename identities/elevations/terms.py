"""What is asked for: how long, why, who answers for it; and how much it weighs. No clock, no state."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from identities.access.models import Role
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import RiskTier

MOST_MINUTES = 24 * 60
MAX_TEXT = 2000
MAX_TICKET = 254
#: So long an emergency access may lie ready.
LONGEST_ARMED = timedelta(days=90)
#: Verbs of a permission that change something, or open something further.
WEIGHTY = frozenset({"write", "rotate", "quarantine", "import", "write_event"})
SECRETS = "secret.read"


def tier_of(risk_tier: str, permissions: Iterable[str], *, is_renewal: bool = False) -> str:
    """The tier that an elevation is decided by: the identity's, and never low for what changes something or for more.

    A renewal is a decision of somebody else, always.
    """
    is_weighty = any(name.rpartition(".")[2] in WEIGHTY or name == SECRETS for name in permissions)
    if risk_tier == RiskTier.LOW and (is_weighty or is_renewal):
        return RiskTier.MEDIUM.value
    return str(risk_tier)


def check(identity: ManagedIdentity, role: Role, *, minutes: int, justification: str, ticket: str) -> None:
    """Raises Invalid naming every member that does not fit, Conflict for an identity that is not at work."""
    wrong: dict[str, list[str]] = {}
    if role.tenant_id != identity.tenant_id:
        wrong["role"] = ["There is no such role."]
    if not 1 <= minutes <= MOST_MINUTES:
        wrong["minutes"] = [f"1 to {MOST_MINUTES} minutes: a day at most."]
    if not justification.strip():
        wrong["justification"] = ["Say what it is needed for."]
    elif len(justification) > MAX_TEXT:
        wrong["justification"] = [f"At most {MAX_TEXT} characters."]
    if len(ticket) > MAX_TICKET:
        wrong["ticket"] = [f"At most {MAX_TICKET} characters."]
    if wrong:
        raise Invalid(wrong)
    check_at_work(identity)


def check_at_work(identity: ManagedIdentity) -> None:
    """Nothing of this leads around a stop. Raises Conflict, code `wrong_state`."""
    if identity.state != State.ACTIVE:
        raise Conflict(f"Managed identity '{identity.name}' is {identity.state}, not active.", code="wrong_state")


def check_armed_until(valid_until: datetime, at: datetime) -> None:
    """Raises Invalid for an end that is past or too far off."""
    if not at < valid_until <= at + LONGEST_ARMED:
        raise Invalid({"valid_until": [f"It ends in the future, within {LONGEST_ARMED.days} days."]})


def content_of(row: Elevation | BreakGlassGrant) -> dict[str, Any]:
    """What stands to be approved, whole: any change of it is another question."""
    identity, role = row.identity, row.role
    content: dict[str, Any] = {
        "identity": {"id": str(identity.pk), "name": identity.name, "environment": identity.environment},
        "risk_tier": identity.risk_tier,
        "role": {"id": str(role.pk), "name": role.name, "permissions": sorted(role.permissions)},
        "minutes": row.minutes,
        "justification": row.justification,
        "owner": row.owner_label,
        "ticket": row.ticket,
        "renews": str(row.renews_id) if row.renews_id else None,
    }
    if isinstance(row, BreakGlassGrant):
        content["valid_until"] = row.valid_until.isoformat()
    return content
