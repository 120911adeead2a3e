"""Whom Steward tells with nothing to set: subscriptions in code, in every tenant, which nobody can turn off."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.actors import ActorKind
from audit.models import AuditEvent
from identities.events import CredentialEvent, IdentityEvent, PersonEvent
from identities.inventory.models import ManagedIdentity
from identities.notifications import vocabulary
from identities.notifications.models import Audience

#: Recorded by the agents' own room.
AGENT_REFRESH_FAILED = "agent.refresh.failure.detected"
#: Recorded by the scheduler, one floor up.
RUN_CREDENTIAL_FAILED = "run.credential_failed"


def _each(event: AuditEvent) -> bool:
    return True


def _of_an_agent(event: AuditEvent) -> bool:
    return event.type != PersonEvent.REFRESH_FAILED or event.actor_kind == ActorKind.SERVICE_USER


@dataclass(frozen=True)
class BuiltIn:
    """Events told once a day for each identity to `audience` and `also`, else to the ADMINs; `says` is the sentence.

    `is_told_there`: the room that records the event tells the same people in the same step, so the reader does not.
    """

    key: str
    name: str
    types: tuple[str, ...]
    audience: Audience
    also: tuple[Audience, ...] = ()
    says: str = ""
    applies: Callable[[AuditEvent], bool] = _each
    is_told_there: bool = False

    def hears(self, event: AuditEvent) -> bool:
        return not self.is_told_there and vocabulary.hears(self.types, event.type) and self.applies(event)

    def subject(self, event: AuditEvent, identity: ManagedIdentity | None) -> str:
        return f"{identity.name if identity else event.subject_label} {self.says}"


ALL = (
    BuiltIn(
        key="run_credential_failed",
        name="A run came to no secret or token",
        types=(RUN_CREDENTIAL_FAILED,),
        audience=Audience.OWNER_AND_TEAM,
        says="came to no secret or token for a run",
    ),
    BuiltIn(
        key="agent_refresh_failed",
        name="An agent could not refresh its session",
        types=(AGENT_REFRESH_FAILED, PersonEvent.REFRESH_FAILED.value),
        audience=Audience.OWNER_AND_TEAM,
        says="could not refresh its session",
        applies=_of_an_agent,
    ),
    BuiltIn(
        key="owner_lost",
        name="An identity is left without an owner",
        types=(IdentityEvent.OWNER_LOST.value, IdentityEvent.ORPHANED.value),
        audience=Audience.OWNER_TEAM,
        also=(Audience.DEPUTY, Audience.ADMINS),
        says="is left without an owner",
    ),
    BuiltIn(
        key="rotation_overdue",
        name="A rotation is overdue",
        types=(CredentialEvent.CUTOVER_OVERDUE.value, CredentialEvent.REMINDED.value),
        audience=Audience.OWNER_AND_TEAM,
        also=(Audience.OWNERS,),
        is_told_there=True,
    ),
)
