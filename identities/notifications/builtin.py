"""Whom Steward tells with nothing to set: subscriptions in code, in every tenant, which nobody can turn off."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.models import AuditEvent
from identities.events import AgentEvent, CredentialEvent, IdentityEvent
from identities.inventory.models import ManagedIdentity
from identities.notifications import vocabulary
from identities.notifications.models import Audience
from identities.people import refresh_reasons

#: Recorded by the scheduler, one floor up.
RUN_CREDENTIAL_FAILED = "run.credential_failed"


def _reason(event: AuditEvent) -> str:
    return event.reason


def _of_a_refresh(event: AuditEvent) -> str:
    metadata = event.details.get("metadata") or {}
    known = ", ".join(filter(None, (event.reason, str(metadata.get("cause") or ""))))
    return f"{refresh_reasons.meaning(event.reason)} ({known}). {refresh_reasons.MEND}"


@dataclass(frozen=True)
class BuiltIn:
    """Events told once a day for each identity to `audience` and `also`, else to the ADMINs; `says` is the sentence.

    `explains` makes the text below it, of the event.
    `is_told_there`: the room that records the event tells the same people in the same step, so the reader does not.
    """

    key: str
    name: str
    types: tuple[str, ...]
    audience: Audience
    also: tuple[Audience, ...] = ()
    says: str = ""
    explains: Callable[[AuditEvent], str] = _reason
    is_told_there: bool = False

    def hears(self, event: AuditEvent) -> bool:
        return not self.is_told_there and vocabulary.hears(self.types, event.type)

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
        # Not the failure itself: the health check finds each, and would tell the same people the same once more.
        types=(AgentEvent.REFRESH_FAILURE_DETECTED.value,),
        audience=Audience.OWNER_AND_TEAM,
        says="could not refresh its session",
        explains=_of_a_refresh,
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
