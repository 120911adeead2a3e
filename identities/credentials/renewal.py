"""Renewal: a person moves the day a credential is due, for a reason; nothing else ever does."""

from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.credentials import due, rotation_facts
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.naming import subject_of
from identities.credentials.selectors import is_live
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import exceptions, locks
from identities.inventory.models import ExceptionKind, ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State

Renewable = TypeVar("Renewable", ClientSecret, ClientKey)


@transaction.atomic
def renew(credential: Renewable, *, until: datetime, reason: str, actor: Actor) -> Renewable:
    """Let this secret or key be due at `until` instead. It stays the same one: nothing but its date changes.

    Counted from the day it was made, not from today: renewing does not make it younger. Beyond what the tier allows
    then, an exception that covers `until` must live (S3-77). Raises Invalid naming `until` or `reason`, code
    `beyond_maximum` where an exception is missing; Conflict for one that has ended and for a retired identity.
    """
    at = timezone.now()
    if not reason.strip():
        raise Invalid({"reason": ["Say why it is not rotated instead."]})
    locks.hold([credential.identity_id])
    locked = type(credential)._default_manager.select_for_update(no_key=True, of=("self",)).get(pk=credential.pk)
    _check_alive(locked, at)
    _check_until(locked, until, at)
    before = locked.rotate_by
    locked.rotate_by, locked.renewed_at = until, at
    locked.save(update_fields=["rotate_by", "renewed_at"])
    rotation_facts.refresh([locked.identity_id])
    audit.record(
        CredentialEvent.RENEWED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason.strip(),
        changes=changes.between({"rotate_by": before.isoformat()}, {"rotate_by": until.isoformat()}),
        details={"identity_id": str(locked.identity_id), "identity": locked.identity.name},
    )
    return locked


def longest(credential: ClientSecret | ClientKey, at: datetime) -> datetime:
    """The last day it may be renewed to: what its tier allows, or until when an exception lets it go further."""
    identity: ManagedIdentity = credential.identity
    allowed = due.latest(credential.created_at, identity, standards_of(identity.tenant_id))
    kind = ExceptionKind.ROTATION_BEYOND_MAXIMUM
    lived = exceptions.of([identity.pk], at=at, kind=kind).values_list("expires_at", flat=True)
    return max([allowed, *lived])


def _check_alive(credential: ClientSecret | ClientKey, at: datetime) -> None:
    if credential.identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{credential.identity.name}' is retired.", code="identity_retired")
    if not is_live(credential, at):
        raise Conflict("It has ended: there is nothing to renew.", code="credential_ended")


def _check_until(credential: ClientSecret | ClientKey, until: datetime, at: datetime) -> None:
    if until <= max(at, credential.rotate_by):
        raise Invalid({"until": [f"It is due on {_day(credential.rotate_by)}; a renewal moves that to later."]})
    if credential.expires_at is not None and until > credential.expires_at:
        raise Invalid({"until": [f"It ends on {_day(credential.expires_at)} whatever is renewed: make a new one."]})
    if until > (last := longest(credential, at)):
        raise Invalid({"until": [_too_far(credential, last)]}, code="beyond_maximum")


def _too_far(credential: ClientSecret | ClientKey, last: datetime) -> str:
    return (
        f"At {credential.identity.risk_tier} risk {_day(last)} is the latest, counted from the day it was made. "
        "Grant an exception that lasts until then, or rotate it."
    )


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
