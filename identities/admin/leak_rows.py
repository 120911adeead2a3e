"""How a leaked secret is shown: what was done, and how fast."""

from identities.admin.parts import Badge
from identities.admin.wording import BAD, GOOD, QUIET
from identities.detections.models import LeakAction

_SAID = {
    LeakAction.REVOKED: ("revoked", GOOD, "The secret and every token of the identity ended"),
    LeakAction.QUARANTINED: ("quarantined", BAD, "The secret ended, and the identity was stopped everywhere"),
    LeakAction.NONE: ("had ended before", QUIET, "There was nothing left to end"),
}


def action_badge(action: str) -> Badge:
    """What was done, as a badge."""
    return Badge(*_SAID[LeakAction(action)])


def seconds(taken: float | None) -> str:
    """A time to revoke, in words."""
    if not taken:
        return "–"
    return f"{taken * 1000:.0f} ms" if taken < 1 else f"{taken:.1f} s"
