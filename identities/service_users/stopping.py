"""What stops in the register stops at the door: the account of a service user follows its row."""

from audit.actors import Actor, ActorKind
from identities.errors import DomainError, Refused
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle.effects.base import Change, Effect
from identities.people import services as people
from identities.people.models import User

NOT_BY_MACHINES = (
    "It is the account of a service user, and no permission of a managed identity governs accounts: an administrator "
    "enables it."
)
STARTS = frozenset({Change.ENABLED, Change.RESUMED, Change.RELEASED})


class StopAccount(Effect):
    """Disables the account with its row, whatever stopped that, and lets it sign in again with it.

    To stop is easy, to start is not: the permission to write the register is none to let somebody in.

    An account that nobody marked as a service user may be a person's: where it cannot be disabled (the last ADMIN), the
    stop of the row stands, and a finding says that the account still signs in.
    """

    kind = "account"
    on = frozenset(Change)

    def apply(self, identity: ManagedIdentity, *, change: Change, reason: str, actor: Actor) -> str:
        user = User.objects.filter(pk=identity.account_id).first() if identity.account_id else None
        if user is None:
            return ""
        if change in STARTS:
            if change is Change.ENABLED and actor.kind is ActorKind.IDENTITY and not user.is_active:
                raise Refused(NOT_BY_MACHINES)
            return _start(user, identity, reason=reason, actor=actor)
        return _stop(user, reason=reason, actor=actor) if user.is_active else ""


def _start(user: User, identity: ManagedIdentity, *, reason: str, actor: Actor) -> str:
    """A release may leave it disabled, as it was before."""
    if user.is_active or identity.state != State.ACTIVE:
        return ""
    people.enable_user(user, reason=reason, actor=actor)
    return "its account may sign in again"


def _stop(user: User, *, reason: str, actor: Actor) -> str:
    try:
        people.disable_user(user, reason=reason, actor=actor)
    except DomainError as error:
        if user.is_agent:
            raise
        return f"its account still signs in: {error.message}"
    return "its account is disabled, its sessions are over"
