"""Who hears of break-glass: everybody who governs or answers for the identity, and the next day those who must act."""

from collections.abc import Iterable

from identities.elevations.models import BreakGlassGrant
from identities.elevations.subjects import subject_of
from identities.inventory import answering
from identities.people import notices
from identities.people.models import User
from identities.people.selectors import active_admins, security

USED = "break_glass_used"
REVIEW = "break_glass_review"
LATE = "break_glass_late"
BY_HAND = "break_glass_rotate"


def concerned(row: BreakGlassGrant) -> list[User]:
    """Those who govern the tenant, those who answer for the identity, and whoever the grant names; each once."""
    named = [row.owner] if row.owner is not None else []
    found = [*_governing(row), *answering.answer_for(row.identity), *named]
    return list({person.pk: person for person in found}.values())


def reviewers(row: BreakGlassGrant) -> list[User]:
    """Those who may look at its use: who governs or answers for the identity, and did not use it."""
    found = [*_governing(row), *answering.answer_for(row.identity)]
    return [one for one in {person.pk: person for person in found}.values() if str(one.pk) != row.used_by_id]


def used(row: BreakGlassGrant) -> None:
    """At once, to everybody."""
    ends = f"{row.use_ends_at:%Y-%m-%d %H:%M} UTC" if row.use_ends_at else ""
    text = f"{row.used_reason}\nBy {row.used_by}. The role '{row.role.name}' ends at {ends}."
    _tell(row, concerned(row), USED, f"Break-glass was used on {row.identity.name}", text)


def awaits_review(row: BreakGlassGrant) -> None:
    """Its use is over: somebody else looks at it."""
    by = f"{row.review_by:%Y-%m-%d %H:%M} UTC" if row.review_by else ""
    text = f"Used by {row.used_by}: {row.used_reason}\nA second person reviews it until {by}."
    _tell(row, reviewers(row), REVIEW, f"Review the break-glass use on {row.identity.name}", text, waits=True)


def review_is_late(row: BreakGlassGrant) -> None:
    """Nobody has looked at it within a day."""
    text = "Until it is reviewed, no break-glass of this identity can be armed or used."
    subject = f"The break-glass use on {row.identity.name} is not reviewed after 24 hours"
    _tell(row, security(row.tenant_id), LATE, subject, text, waits=True)


def rotate_by_hand(row: BreakGlassGrant, why: str) -> None:
    """What it used rests where Steward cannot replace it."""
    text = f"{why}\nSay on the grant's page that it is done: it cannot be closed before."
    subject = f"Rotate by hand what break-glass used of {row.identity.name}"
    _tell(row, answering.answer_for(row.identity), BY_HAND, subject, text, waits=True)


def _governing(row: BreakGlassGrant) -> list[User]:
    return [*security(row.tenant_id), *active_admins(row.tenant_id)]


def _tell(
    row: BreakGlassGrant, people: Iterable[User], kind: str, subject: str, text: str, *, waits: bool = False
) -> None:
    notices.tell(
        people,
        tenant_id=row.tenant_id,
        kind=kind,
        key=f"{kind}:{row.pk}",
        subject=subject,
        text=text,
        about=subject_of(row),
        waits=waits,
    )
