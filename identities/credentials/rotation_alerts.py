"""Who does not cut over in time, in words, and who is told so: before the deadline, and when it has passed."""

from identities.credentials.models import AfterDeadline, ClientKey, DeliveryStep, Rotation, RotationState
from identities.credentials.naming import hint
from identities.credentials.rotation_rows import pair
from identities.credentials.rotation_selectors import still_using_old
from identities.inventory.answering import answer_for
from identities.inventory.subjects import subject_of
from identities.people import notices

KIND, AHEAD = "rotation_overdue", "rotation_ending"
NAMED = 3


def why(rotation: Rotation) -> str:
    """What is wrong: the new one is not in its vault, was never seen, or the old one is still used, from where."""
    old, new = pair(rotation)
    if is_awaited(rotation):
        problem = f": {rotation.delivery_reason.rstrip('. ')}" if rotation.delivery_reason else ""
        return f"The new {_word(rotation)} …{hint(new)} is not in its vault yet{problem}"
    if new.first_used_at is None:
        return f"The new {_word(rotation)} …{hint(new)} was not used{_until(rotation)}"
    last = f", last {old.last_used_at:%Y-%m-%d %H:%M} UTC" if old.last_used_at else ""
    still = "was not silent by the deadline" if rotation.overdue_at else "is still used"
    return f"The old {_word(rotation)} …{hint(old)} {still}{last}{_from_where(rotation)}"


def is_awaited(rotation: Rotation) -> bool:
    """Nobody can have the new one yet: it is on its way into a vault."""
    return rotation.delivery_step != DeliveryStep.DONE and rotation.state == RotationState.ISSUED


def warn(rotation: Rotation, reason: str) -> int:
    """Tell owner, deputy and team what is about to happen, once for each rotation; answers how many were told."""
    subject = f"{rotation.identity.name} has until {_deadline(rotation)} to cut over to its new {_word(rotation)}"
    return _notice(AHEAD, rotation, subject, f"{reason}.\n{_ahead(rotation)}")


def tell(rotation: Rotation, reason: str) -> int:
    """Tell owner, deputy and team, once for each rotation; answers how many were told."""
    subject = f"{rotation.identity.name} has not cut over to its new {_word(rotation)}"
    return _notice(KIND, rotation, subject, f"{reason}.\n{_consequence(rotation)}")


def _notice(kind: str, rotation: Rotation, subject: str, text: str) -> int:
    identity = rotation.identity
    return notices.tell(
        answer_for(identity),
        tenant_id=identity.tenant_id,
        kind=kind,
        key=f"{kind}-{rotation.pk}",
        subject=subject,
        text=text,
        about=subject_of(identity),
    )


def _ahead(rotation: Rotation) -> str:
    _, new = pair(rotation)
    if is_awaited(rotation):
        return "Nothing happens to the old one before the new one is there; Steward tries again by itself."
    if rotation.after_deadline == AfterDeadline.RETIRE and new.first_used_at is not None:
        done = "the old one is retired, and whoever still uses it is refused"
    else:
        done = "the old one is served once a minute"
    return (
        f"After {_deadline(rotation)} {done}. Bring the new one to whoever uses the old one until then, or roll back."
    )


def _consequence(rotation: Rotation) -> str:
    _, new = pair(rotation)
    if is_awaited(rotation):
        return "The old one works on as before until the new one is there; Steward tries again by itself."
    if rotation.after_deadline == AfterDeadline.ALERT:
        return "Both work on until the old one falls silent. Roll back, or bring the new one to whoever uses the old."
    if rotation.after_deadline == AfterDeadline.RETIRE and new.first_used_at is not None:
        return "At its risk the policy retires the old one now: whoever still uses it is refused."
    return "The old one is now served once a minute, until the new one is in use everywhere or this is rolled back."


def _deadline(rotation: Rotation) -> str:
    return f"{rotation.cutover_deadline:%Y-%m-%d %H:%M} UTC"


def _until(rotation: Rotation) -> str:
    return f" by {_deadline(rotation)}" if rotation.overdue_at else " yet"


def _from_where(rotation: Rotation) -> str:
    rows = still_using_old(rotation)[:NAMED]
    found = [f"{row.address or 'an unknown address'} ({row.user_agent or 'unnamed'})" for row in rows]
    return f", from {', '.join(found)}" if found else ""


def _word(rotation: Rotation) -> str:
    return "key" if isinstance(pair(rotation)[0], ClientKey) else "secret"
