"""Pause: a planned stop with an end. It resumes by itself, and says who came in the meantime (the scream test)."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from identities.errors import Conflict, DomainError, Invalid
from identities.events import IdentityEvent
from identities.inventory import answering, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.lifecycle.effects.base import Change, run_effects
from identities.people import notices
from identities.tokens import services as tokens

log = structlog.get_logger(__name__)

#: Longer than this is no pause: disable it.
LONGEST = timedelta(days=90)
LIFTER = Actor.system("pauses")
OVER = "The pause ended as planned"


@transaction.atomic
def pause(
    identity: ManagedIdentity, *, reason: str, actor: Actor, until: datetime | None = None, at: datetime | None = None
) -> ManagedIdentity:
    """Stop it for a while: no token, no call, no run. It resumes by itself at `until`; without one, when told to.

    Its schedules stay in the calendar: each occurrence is refused and leaves a knock, as each right secret does. Tokens
    it has are dead and stay so. Raises Invalid (no reason, an end in the past or too far off), Conflict.
    """
    now = at or timezone.now()
    if until is not None and not now < until <= now + LONGEST:
        raise Invalid({"until": [f"The pause ends in the future, within {LONGEST.days} days."]})
    paused = inventory.set_state(identity, target=State.PAUSED, reason=reason, actor=actor, until=until)
    tokens.kill_tokens(paused, actor=actor, reason=reason)
    run_effects(paused, change=Change.PAUSED, reason=reason, actor=actor)
    return paused


@transaction.atomic
def resume(identity: ManagedIdentity, *, reason: str, actor: Actor) -> ManagedIdentity:
    """Let it work again before, or at, the planned end. Raises Invalid without a reason, Conflict if it is not paused.

    What a vendor's identity lacks stands in the way of its resuming as of its enabling (Invalid).
    """
    locked = inventory.lock(identity)
    if locked.state != State.PAUSED:
        raise Conflict(f"Managed identity '{locked.name}' is {locked.state}, not paused.", code="wrong_state")
    # Again, so that none minted in the instant of the pause lives on after it.
    tokens.kill_tokens(locked, actor=actor, reason=reason)
    resumed = inventory.set_state(locked, target=State.ACTIVE, reason=reason, actor=actor, event=IdentityEvent.RESUMED)
    run_effects(resumed, change=Change.RESUMED, reason=reason, actor=actor)
    return resumed


def due(at: datetime, *, limit: int = 200) -> list[UUID]:
    """Identities whose pause has ended by `at`."""
    rows = ManagedIdentity.objects.filter(paused_until__lte=at).order_by("paused_until")
    return list(rows.values_list("pk", flat=True)[:limit])


def lift_due(at: datetime) -> int:
    """End every pause that is over; answers how many. One that cannot end is logged and holds up no other."""
    lifted = 0
    for identity_id in due(at):
        try:
            lifted += _lift(identity_id, at)
        except DomainError as error:
            log.warning("pause.not_lifted", identity_id=str(identity_id), code=error.code, reason=error.message)
            _say(identity_id, error)
    return lifted


@transaction.atomic
def _lift(identity_id: UUID, at: datetime) -> bool:
    """The pause as it is now: somebody may have resumed it, or paused it for longer, since it was listed."""
    row = ManagedIdentity.objects.select_for_update(no_key=True).get(pk=identity_id)
    if row.state != State.PAUSED or row.paused_until is None or row.paused_until > at:
        return False
    resume(row, reason=OVER, actor=LIFTER)
    return True


def _say(identity_id: UUID, error: DomainError) -> None:
    """Somebody waits for it: those who answer for it are told, once for each pause."""
    identity = ManagedIdentity.objects.get(pk=identity_id)
    notices.tell(
        answering.answer_for(identity),
        tenant_id=identity.tenant_id,
        kind="not_resumed",
        key=f"not_resumed:{identity.pk}:{identity.paused_until}",
        subject=f"The pause of {identity.name} is over, and it cannot resume",
        text=error.message,
        about=subject_of(identity),
    )
