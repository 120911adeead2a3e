"""How a replacement ends: the account is disabled, or the identity is taken back. Never both, and never by surprise."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import ReplacementEvent
from identities.inventory.answering import answer_for
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people import notices
from identities.people.actors import subject_of
from identities.people.models import User
from identities.service_users import activity
from identities.service_users.models import Replacement, ReplacementState
from identities.service_users.replacing import facts_of

OVERDUE, MOVED = "replacement_overdue", "replacement_moved"
#: Used within this, an identity is somebody's who has moved over.
IN_USE = timedelta(hours=24)
_LONGEST_REASON = 500


def lock(replacement: Replacement) -> Replacement:
    """The row as it is now, with its account held before it, until the caller's transaction ends. Raises Conflict."""
    User.objects.select_for_update(no_key=True).get(pk=replacement.account_id)
    rows = Replacement.objects.select_for_update(no_key=True, of=("self",))
    held = rows.select_related("account", "identity", "role").get(pk=replacement.pk)
    if held.state != ReplacementState.BOTH_ALIVE:
        raise Conflict(f"This replacement has ended: {held.get_state_display().lower()}.", code="replacement_ended")
    return held


@transaction.atomic
def finish_now(replacement: Replacement, *, reason: str, actor: Actor, force: bool = False) -> Replacement:
    """Disable the account at once, whatever its last use. Without `force` only where nothing speaks against it.

    Raises Invalid without a reason, Conflict `replacement_ended`, and without `force` `identity_unused` (nobody has
    moved over) or `account_in_use` (it was used within its quiet hours).
    """
    held = _lock_to_end(replacement, reason)
    if not force and (objection := against_finishing(held, at=timezone.now())):
        raise Conflict(objection[1], code=objection[0])
    return move(held, reason=reason, actor=actor)


@transaction.atomic
def cancel(replacement: Replacement, *, reason: str, actor: Actor, force: bool = False) -> Replacement:
    """Take it back: the account goes on, the identity is retired with its secrets and its role.

    Raises Invalid without a reason, Conflict `replacement_ended`, and without `force` `identity_in_use`: whoever has
    moved over already would be shut out.
    """
    held = _lock_to_end(replacement, reason)
    if not force and is_identity_in_use(held.identity, at=timezone.now()):
        last = f"{held.identity.last_used_at:%Y-%m-%d %H:%M}"
        said = f"'{held.identity.name}' was used at {last} UTC: whoever has moved over would be shut out."
        raise Conflict(said, code="identity_in_use")
    if held.identity.state != State.RETIRED:
        lifecycle.retire(held.identity, reason=f"The replacement was cancelled: {reason.strip()}", actor=actor)
    return close(held, ReplacementState.CANCELLED, reason=reason, actor=actor)


def move(held: Replacement, *, reason: str, actor: Actor) -> Replacement:
    """In the caller's transaction, of a replacement in `lock`: the account is disabled, its row with it as evidence."""
    if held.account.is_active:
        why = f"Replaced by managed identity {held.identity.name}: {reason.strip()}"[:_LONGEST_REASON]
        lifecycle.disable_person(held.account, reason=why, actor=actor)
    moved = close(held, ReplacementState.MOVED, reason=reason, actor=actor)
    tell(moved, kind=MOVED, subject=f"{moved.account.email} is replaced by {moved.identity.name}", text=reason)
    return moved


def close(held: Replacement, state: ReplacementState, *, reason: str, actor: Actor) -> Replacement:
    """In the caller's transaction: the replacement has ended so, and the audit says why."""
    was, held.state = held.state, state.value
    held.ended_at, held.ended_reason = timezone.now(), reason.strip()
    held.save(update_fields=["state", "ended_at", "ended_reason"])
    notices.settle(OVERDUE, about_id=held.account_id, at=held.ended_at)
    event = ReplacementEvent.MOVED if state is ReplacementState.MOVED else ReplacementEvent.CANCELLED
    audit.record(
        event,
        actor=actor,
        subject=subject_of(held.account),
        reason=held.ended_reason,
        changes=changes.between({"replacement": was}, {"replacement": held.state}),
        details=facts_of(held),
    )
    return held


def tell(held: Replacement, *, kind: str, subject: str, text: str, waits: bool = False) -> None:
    """Those who answer for the identity are told once, in the caller's transaction."""
    notices.tell(
        answer_for(held.identity),
        tenant_id=held.tenant_id,
        kind=kind,
        key=f"{kind}:{held.pk}",
        subject=subject,
        text=text,
        about=subject_of(held.account),
        waits=waits,
    )


def against_finishing(held: Replacement, *, at: datetime) -> tuple[str, str] | None:
    """Why disabling the account now could break something, as a code and a sentence; None where nothing says so."""
    used_at = held.identity.last_used_at
    if used_at is None or used_at < held.begun_at:
        return "identity_unused", f"'{held.identity.name}' was not used yet: nobody has moved over."
    last = activity.last_use(held.account)
    if last is not None and at - last < timedelta(hours=held.quiet_hours):
        said = f"{held.account.email} was used at {last:%Y-%m-%d %H:%M} UTC: whatever uses it would be shut out."
        return "account_in_use", said
    return None


def is_identity_in_use(identity: ManagedIdentity, *, at: datetime) -> bool:
    """Whether somebody works with it now."""
    return identity.last_used_at is not None and at - identity.last_used_at < IN_USE


def _lock_to_end(replacement: Replacement, reason: str) -> Replacement:
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise Invalid({"reason": [f"Say why, in 1 to {_LONGEST_REASON} characters."]})
    return lock(replacement)
