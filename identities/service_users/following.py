"""Following the replacements that go on: an account whose use has moved over is disabled, a late one is told of.

Evidence decides, not a date: nothing here disables an account that may still be needed.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from audit import services as audit
from audit.actors import Actor
from identities.access import selectors as access
from identities.errors import DomainError
from identities.events import ReplacementEvent
from identities.inventory.states import State
from identities.people.actors import subject_of
from identities.service_users import activity, ending
from identities.service_users.models import Replacement, ReplacementState
from identities.service_users.replacing import facts_of

AT_ONCE = 200
QUIET = "{identity} has taken over, and {account} was not used for {hours} hours."
BY_HAND = "The account was disabled meanwhile."
GONE = "The identity was retired meanwhile."
log = structlog.get_logger(__name__)


def follow(at: datetime, *, limit: int = AT_ONCE) -> int:
    """Look at every replacement that goes on, those begun first first; answers how many ended.

    One query where none does. Each for itself: one that cannot be looked at keeps no other one waiting.
    """
    rows = Replacement.objects.filter(state=ReplacementState.BOTH_ALIVE).select_related("account", "identity", "role")
    ended = 0
    for row in rows.order_by("begun_at", "pk")[:limit]:
        try:
            ended += _look(row, at)
        except DomainError as error:
            log.warning("replacement.not_ended", replacement_id=str(row.pk), code=error.code)
        except Exception:
            log.exception("replacement.not_followed", replacement_id=str(row.pk))
    return ended


def has_moved(row: Replacement, at: datetime) -> bool:
    """Whether the use has moved over: the identity works, holds what was planned, and was used after the account was
    used last; the account has been quiet for its hours since. At most three queries."""
    identity = row.identity
    if not identity.is_enabled or identity.last_used_at is None or identity.last_used_at < row.begun_at:
        return False
    quiet_since = max(filter(None, (activity.last_use(row.account), row.begun_at)))
    if at - quiet_since < timedelta(hours=row.quiet_hours) or identity.last_used_at < quiet_since:
        return False
    return access.standing(identity.pk, at).permissions >= set(row.permissions)


def _look(row: Replacement, at: datetime) -> bool:
    verdict = _verdict(row, at)
    if verdict is None:
        if row.overdue_at <= at and row.told_overdue_at is None:
            _tell_overdue(row, at)
        return False
    with transaction.atomic():
        held = ending.lock(row)
        if _verdict(held, at) != verdict:
            return False
        state, reason = verdict
        actor = _actor(held)
        if state is ReplacementState.MOVED:
            ending.move(held, reason=reason, actor=actor)
        else:
            ending.close(held, state, reason=reason, actor=actor)
    return True


def _verdict(row: Replacement, at: datetime) -> tuple[ReplacementState, str] | None:
    """How it ends now and why; None where it goes on."""
    if not row.account.is_active:
        return ReplacementState.MOVED, BY_HAND
    if row.identity.state == State.RETIRED:
        return ReplacementState.CANCELLED, GONE
    if has_moved(row, at):
        said = QUIET.format(identity=row.identity.name, account=row.account.email, hours=row.quiet_hours)
        return ReplacementState.MOVED, said
    return None


@transaction.atomic
def _tell_overdue(row: Replacement, at: datetime) -> None:
    held = ending.lock(row)
    if held.told_overdue_at is not None:
        return
    held.told_overdue_at = at
    held.save(update_fields=["told_overdue_at"])
    why = standing_of(held, at)
    ending.tell(held, kind=ending.OVERDUE, subject=f"{held.account.email} is still in use", text=why, waits=True)
    audit.record(
        ReplacementEvent.OVERDUE,
        actor=_actor(held),
        subject=subject_of(held.account),
        reason=why,
        details=facts_of(held),
    )


def standing_of(row: Replacement, at: datetime) -> str:
    """What a replacement that goes on waits for, in a sentence."""
    identity, account = row.identity, row.account
    if identity.last_used_at is None or identity.last_used_at < row.begun_at:
        return f"Nobody has used {identity.name} yet: its client still has to be given the new secret."
    if not identity.is_enabled:
        return f"{identity.name} is {identity.state}: it cannot take over."
    last = activity.last_use(account)
    if last is not None and identity.last_used_at < last:
        return f"{account.email} was used at {last:%Y-%m-%d %H:%M} UTC, after {identity.name} was used last."
    if not access.standing(identity.pk, at).permissions >= set(row.permissions):
        return f"{identity.name} does not hold the whole of its role: what it was given waits, or has ended."
    return f"{account.email} has to be quiet for {row.quiet_hours} hours; {identity.name} is in use."


def _actor(row: Replacement) -> Actor:
    return Actor.system("replacements", row.tenant_id)
