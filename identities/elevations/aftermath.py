"""After break-glass: its use ends, what it used is replaced, a second person reviews it, and only then it is closed."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.approvals import four_eyes
from identities.elevations import alarms, selectors
from identities.elevations.break_glass import record
from identities.elevations.models import BreakGlassGrant, BreakGlassState
from identities.elevations.rows import hold
from identities.errors import Conflict, DomainError, Invalid, Refused
from identities.events import BreakGlassEvent
from identities.people import notices
from identities.people.models import User
from identities.tokens import services as tokens

log = structlog.get_logger(__name__)
ENDER = Actor.system("break-glass")
OVER = "The time of the break-glass use is over"
EXPIRED = "It was not used in its time"
MAX_REVIEW = 4000
AT_ONCE = 100
#: What `rotation` says from the end of a use on, until it is replaced.
DUE = "due"
BY_HAND = "by_hand"


@transaction.atomic
def end_use(grant: BreakGlassGrant, *, reason: str, actor: Actor) -> BreakGlassGrant:
    """End a use before its time. Raises Invalid without a reason, Conflict `not_in_use`."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked, at = hold(grant), timezone.now()
    if locked.state != BreakGlassState.USED:
        raise Conflict("It is not in use.", code="not_in_use")
    return _end_use(locked, reason.strip(), actor, at)


@transaction.atomic
def review(grant: BreakGlassGrant, *, text: str, actor: Actor) -> BreakGlassGrant:
    """Close it: what was done with it, in the words of somebody who did not use it.

    By an ADMIN or whoever answers for the identity; never by the user of it, by another account of theirs, by one that
    they made, or one younger than the use. Raises Invalid without a text, Refused (`own_use`, `not_yours`, and the
    codes of `four_eyes`), Conflict: `not_in_review`, or `rotation_by_hand` while what it used waits for a hand.
    """
    if not text.strip() or len(text) > MAX_REVIEW:
        raise Invalid({"text": [f"Say what it was used for and what you looked at, in 1 to {MAX_REVIEW} characters."]})
    locked, at = hold(grant), timezone.now()
    if selectors.state_of(locked, at) != BreakGlassState.REVIEW:
        raise Conflict("There is nothing to review.", code="not_in_review")
    _check_reviewer(locked, actor)
    if locked.state == BreakGlassState.USED:
        # No task has come by: the use is over by its dates, and ends here.
        _end_use(locked, OVER, ENDER, at)
    if locked.rotation.get("state") == BY_HAND:
        raise Conflict("What it used is still to be rotated by hand.", code="rotation_by_hand")
    locked.state, locked.review = BreakGlassState.CLOSED, text.strip()
    locked.reviewed_at, locked.reviewed_by = at, actor.label
    locked.save(update_fields=["state", "review", "reviewed_at", "reviewed_by"])
    for kind in (alarms.REVIEW, alarms.LATE):
        notices.settle(kind, about_id=locked.pk, at=at)
    record(BreakGlassEvent.REVIEWED, locked, actor, locked.review, is_late=selectors.is_overdue(locked, at))
    return locked


@transaction.atomic
def rotated_by_hand(grant: BreakGlassGrant, *, note: str, actor: Actor) -> BreakGlassGrant:
    """What it used was replaced where Steward cannot. Raises Invalid without a note, Conflict `nothing_by_hand`."""
    if not note.strip():
        raise Invalid({"note": ["Say what was replaced, and how you know."]})
    if not actor.is_human:
        raise Refused("Only a person says that something was done by hand.", code="person_needed")
    locked, at = hold(grant), timezone.now()
    if locked.rotation.get("state") != BY_HAND:
        raise Conflict("Nothing of it waits for a hand.", code="nothing_by_hand")
    locked.rotation = {"state": "done_by_hand", "text": note.strip()[:MAX_REVIEW], "by": actor.label}
    locked.save(update_fields=["rotation"])
    notices.settle(alarms.BY_HAND, about_id=locked.pk, at=at)
    record(BreakGlassEvent.ROTATED, locked, actor, note.strip(), rotation="done_by_hand")
    return locked


def tend(at: datetime, *, limit: int = AT_ONCE) -> int:
    """End what is over, mark what is late, let lapse what was never used; answers how many. Nothing waits for it."""
    moved = 0
    for state, moment, step in _STEPS:
        rows = BreakGlassGrant.objects.filter(**{"state__in": state, f"{moment}__lte": at})
        if moment == "review_by":
            rows = rows.filter(review_late_at=None)
        for key in rows.order_by(moment).values_list("pk", flat=True)[:limit]:
            try:
                moved += step(key, at)
            except DomainError as error:
                log.warning("break_glass.not_tended", grant_id=str(key), code=error.code)
    return moved


@transaction.atomic
def _end_due(key: UUID, at: datetime) -> bool:
    row = hold(BreakGlassGrant.objects.get(pk=key))
    if row.state != BreakGlassState.USED or row.use_ends_at is None or row.use_ends_at > at:
        return False
    _end_use(row, OVER, ENDER, at)
    return True


@transaction.atomic
def _mark_late(key: UUID, at: datetime) -> bool:
    row = hold(BreakGlassGrant.objects.get(pk=key))
    if row.state not in selectors.UNREVIEWED or row.review_late_at is not None or not selectors.is_overdue(row, at):
        return False
    row.review_late_at = at
    row.save(update_fields=["review_late_at"])
    record(BreakGlassEvent.REVIEW_LATE, row, ENDER, "Nobody has reviewed it within a day")
    alarms.review_is_late(row)
    return True


@transaction.atomic
def _lapse(key: UUID, at: datetime) -> bool:
    row = hold(BreakGlassGrant.objects.get(pk=key))
    if row.state != BreakGlassState.ARMED or row.valid_until > at:
        return False
    row.state, row.state_reason = BreakGlassState.EXPIRED, EXPIRED
    row.save(update_fields=["state", "state_reason"])
    record(BreakGlassEvent.EXPIRED, row, ENDER, EXPIRED)
    return True


_STEPS = (
    ((BreakGlassState.USED,), "use_ends_at", _end_due),
    (selectors.UNREVIEWED, "review_by", _mark_late),
    ((BreakGlassState.ARMED,), "valid_until", _lapse),
)


def _end_use(row: BreakGlassGrant, reason: str, actor: Actor, at: datetime) -> BreakGlassGrant:
    """The role is gone, every token of the time is dead, and what it used is due to be replaced."""
    if row.binding is not None and row.binding.ended_at is None and row.binding.valid_until > at:
        access.end_binding(row.binding, reason=reason, actor=actor)
    tokens.kill_tokens(row.identity, reason=reason, actor=actor)
    over = min(row.use_ends_at or at, at)
    row.state, row.use_ends_at, row.review_by = BreakGlassState.REVIEW, over, over + selectors.REVIEW_WITHIN
    row.rotation = {"state": DUE, "text": "What it used is about to be replaced."}
    row.save(update_fields=["state", "use_ends_at", "review_by", "rotation"])
    record(BreakGlassEvent.USE_ENDED, row, actor, reason)
    alarms.awaits_review(row)
    return row


def _check_reviewer(row: BreakGlassGrant, actor: Actor) -> None:
    person = User.objects.filter(pk=actor.id, is_active=True).first() if actor.is_human else None
    if person is None:
        raise Refused("Only a person reviews it.", code="person_needed")
    if str(person.pk) == row.used_by_id:
        raise Refused("Whoever used it does not review it: somebody else does.", code="own_use")
    if not person.is_platform_admin and person.pk not in {one.pk for one in alarms.reviewers(row)}:
        raise Refused("Only who governs, or answers for the identity, reviews it.", code="not_yours")
    teams = [row.identity.owner_team_id] if row.identity.owner_team_id else []
    since = row.used_at or row.requested_at
    found = four_eyes.find(person, involved=[row.used_by_id], since=since, team_ids=teams, owned=[row.identity_id])
    if found is not None:
        raise Refused(found.sentence, code=found.code)
