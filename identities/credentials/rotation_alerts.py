"""Who did not cut over in time, in words, and who is told so."""

from identities.credentials.models import AfterDeadline, ClientKey, Rotation
from identities.credentials.naming import hint
from identities.credentials.rotation_rows import pair
from identities.credentials.rotation_selectors import still_using_old
from identities.inventory.answering import answer_for
from identities.inventory.subjects import subject_of
from identities.people import notices

KIND = "rotation_overdue"
NAMED = 3


def why(rotation: Rotation) -> str:
    """What is wrong: the new one was never seen, or the old one is still used, last when and from where."""
    old, new = pair(rotation)
    if new.first_used_at is None:
        return f"The new {_word(rotation)} …{hint(new)} was not used by {rotation.cutover_deadline:%Y-%m-%d %H:%M} UTC"
    last = f", last {old.last_used_at:%Y-%m-%d %H:%M} UTC" if old.last_used_at else ""
    return f"The old {_word(rotation)} …{hint(old)} was not silent by the deadline{last}{_from_where(rotation)}"


def tell(rotation: Rotation, reason: str) -> int:
    """Tell owner, deputy and team, once for each rotation; answers how many were told."""
    identity = rotation.identity
    return notices.tell(
        answer_for(identity),
        tenant_id=identity.tenant_id,
        kind=KIND,
        key=f"{KIND}-{rotation.pk}",
        subject=f"{identity.name} has not cut over to its new {_word(rotation)}",
        text=f"{reason}.\n{_consequence(rotation)}",
        about=subject_of(identity),
    )


def _consequence(rotation: Rotation) -> str:
    _, new = pair(rotation)
    if rotation.after_deadline == AfterDeadline.ALERT:
        return "Both work on until the old one falls silent. Roll back, or bring the new one to whoever uses the old."
    if rotation.after_deadline == AfterDeadline.RETIRE and new.first_used_at is not None:
        return "At its risk the policy retires the old one now: whoever still uses it is refused."
    return "The old one is now served once a minute, until the new one is in use everywhere or this is rolled back."


def _from_where(rotation: Rotation) -> str:
    rows = still_using_old(rotation)[:NAMED]
    found = [f"{row.address or 'an unknown address'} ({row.user_agent or 'unnamed'})" for row in rows]
    return f", from {', '.join(found)}" if found else ""


def _word(rotation: Rotation) -> str:
    return "key" if isinstance(pair(rotation)[0], ClientKey) else "secret"
