"""The secret of what was issued: made when whoever asked comes for it, shown once, and to nobody else."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import services as audit
from audit.actors import Actor
from identities.credentials import custody, services as credentials
from identities.credentials.selectors import live_secrets
from identities.errors import Conflict, Refused
from identities.events import RequestEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.people import notices
from identities.requests import issuing, selectors
from identities.requests.models import IdentityRequest
from identities.requests.subject import locked


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, and its secret where it is shown now; the text exists only in this value."""

    row: IdentityRequest
    secret_text: str | None = None

    def __repr__(self) -> str:
        return f"Answered({self.row!r})"


@sensitive_variables("issued")
@transaction.atomic
def collect(row: IdentityRequest, *, actor: Actor) -> Answered:
    """The secret of what was issued, once, for whoever asked; it is made now, so that nobody saw it before.

    Raises Refused for anybody else; Conflict `secret_collected` the second time, `no_secret_waits`, `wrong_state`
    where the identity does not work.
    """
    if not selectors.is_own(row, actor.id):
        raise Refused("Only who asked for it collects its secret.", code="not_yours")
    identity = inventory.lock(row.identity) if row.identity else None
    held = locked(row.pk)
    if held is None or identity is None:
        raise Conflict("No secret waits here.", code="no_secret_waits")
    _check(held, identity, actor)
    issued = credentials.issue(identity, actor=actor)
    custody.note_shown(issued.secret, actor=actor)
    at = timezone.now()
    held.secret_collected_at, held.secret_collected_by, held.identity = at, actor.label, identity
    held.save(update_fields=["secret_collected_at", "secret_collected_by"])
    notices.settle(issuing.WAITS, about_id=held.pk, at=at)
    details = {"request_id": str(held.pk), "credential_id": str(issued.secret.pk)}
    audit.record(RequestEvent.SECRET_COLLECTED, actor=actor, subject=subject_of(identity), details=details)
    return Answered(held, issued.text)


def _check(row: IdentityRequest, identity: ManagedIdentity, actor: Actor) -> None:
    if row.secret_collected_at is not None:
        raise Conflict("Its secret was collected before; a lost one is rotated.", code="secret_collected")
    at = timezone.now()
    if not selectors.may_collect(row, actor.id) or live_secrets(identity, at):
        raise Conflict("No secret waits here.", code="no_secret_waits")
    if identity.state != State.ACTIVE or (identity.expires_at and identity.expires_at <= at):
        said = identity.state if identity.state != State.ACTIVE else "past its end"
        raise Conflict(f"Managed identity '{identity.name}' is {said}.", code="wrong_state")
