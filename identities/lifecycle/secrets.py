"""Issuing a secret, to be shown once or put straight into a vault."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities.access.secret_places import Place, whose
from identities.credentials import custody, services as credentials
from identities.credentials.models import ClientSecret, Delivery, Rotation
from identities.errors import DomainError, Invalid, Unavailable
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import holding, write_back
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText

log = structlog.get_logger(__name__)
NOT_STORED = "The vault did not take it."


@dataclass(frozen=True, slots=True)
class Delivered:
    """A new secret. `text` is there only where it was to be shown; put into a vault, it is nowhere else.

    `rotation` is there where it replaces another; what stands in the way to the vault, if anything, is written there.
    """

    secret: ClientSecret
    text: str | None
    rotation: Rotation | None = None

    def __repr__(self) -> str:
        return f"Delivered({self.secret!r})"


def issue_secret(
    identity: ManagedIdentity,
    *,
    actor: Actor,
    store_at: SecretReference | None = None,
    expires_at: datetime | None = None,
    rotate_by: datetime | None = None,
) -> Delivered:
    """Make a secret for `identity` and answer its text once, or put it at `store_at` and answer none.

    Beside one that works it begins a rotation. Raises Invalid for a reference that names no registered connection (then
    nothing was made), and Unavailable, code `secret_not_stored`, where the vault failed with the first secret of all:
    it is revoked by then. Of a rotation such a failure is no error, it is tried again by itself. Call it outside a
    transaction: it commits before it speaks to the vault.
    """
    check(store_at, tenant_id=identity.tenant_id, environment=identity.environment, of=identity)
    return make(identity, actor=actor, store_at=store_at, expires_at=expires_at, rotate_by=rotate_by)


@sensitive_variables("issued")
def make(
    identity: ManagedIdentity,
    *,
    actor: Actor,
    store_at: SecretReference | None,
    expires_at: datetime | None = None,
    rotate_by: datetime | None = None,
    reason: str = "",
) -> Delivered:
    """As `issue_secret`, with a place that was looked at before."""
    hold: holding.Hold | None = None
    with transaction.atomic():
        issued = credentials.issue(
            identity,
            actor=actor,
            expires_at=expires_at,
            rotate_by=rotate_by,
            stored_at=store_at.as_json() if store_at else None,
            delivery=Delivery.VAULT if store_at else Delivery.SHOWN,
            reason=reason,
        )
        if store_at is not None and issued.rotation is not None:
            hold = holding.begin(issued.rotation, store_at, at=timezone.now())
    if hold is None:
        return deliver(issued, store_at=store_at, actor=actor)
    rotation = write_back.carry_on(hold, actor=actor, text=SecretText(issued.text))
    return Delivered(secret=rotation.new or issued.secret, text=None, rotation=rotation)


def check(
    store_at: SecretReference | None, *, tenant_id: UUID, environment: str, of: ManagedIdentity | None = None
) -> None:
    """Can something be put there at all, and is it nobody else's place? Asked before anything is made. Raises Invalid.

    `of`: whose it will be; None for one that is not there yet.
    """
    if store_at is None:
        return
    try:
        vaults.check_reference(store_at, tenant_id=tenant_id, environment=environment)
    except Invalid as error:
        members = error.errors or {"vault_uri": [error.message]}
        raise Invalid({f"store_secret_at.{name}": said for name, said in members.items()}, code=error.code) from error
    _check_free(Place.of(store_at), tenant_id, of)


def _check_free(place: Place, tenant_id: UUID, of: ManagedIdentity | None) -> None:
    """What is written over the secret of another shuts that one out. Two that share one go on doing so."""
    held = whose([place], tenant_id, timezone.now()).get(place, [])
    if held and (of is None or of not in held):
        said = f"The live secret of '{held[0].name}' rests there: each identity needs a place of its own."
        raise Invalid({"store_secret_at.secret_name": [said]}, code="place_taken")


def deliver(issued: credentials.Issued, *, store_at: SecretReference | None, actor: Actor) -> Delivered:
    """The second half: outside a transaction, put the text where it belongs, and say how that went."""
    if store_at is None:
        custody.note_shown(issued.secret, actor=actor)
        return Delivered(secret=issued.secret, text=issued.text, rotation=issued.rotation)
    identity = issued.secret.identity
    try:
        version = vaults.write_secret(
            store_at, issued.text, tenant_id=identity.tenant_id, environment=identity.environment, actor=actor
        )
    except DomainError as error:
        _take_back(issued.secret, error, store_at=store_at, actor=actor)
        raise Unavailable(
            f"The secret …{issued.secret.hint} ({issued.secret.id}) of managed identity '{identity.name}' "
            f"({identity.id}) could not be stored and was revoked: {error.message}",
            code="secret_not_stored",
        ) from error
    _note_stored(issued.secret, version, store_at=store_at, actor=actor)
    return Delivered(secret=issued.secret, text=None)


def _note_stored(secret: ClientSecret, version: str, *, store_at: SecretReference, actor: Actor) -> None:
    with transaction.atomic():
        secret.stored_at = {**store_at.as_json(), "version": version}
        secret.save(update_fields=["stored_at"])
        audit.record(
            CredentialEvent.STORED,
            actor=actor,
            subject=credentials.subject_of(secret),
            details={"stored_at": secret.stored_at},
        )


def _take_back(secret: ClientSecret, error: DomainError, *, store_at: SecretReference, actor: Actor) -> None:
    log.error("secret_not_stored", credential_id=str(secret.id), reference=str(store_at), code=error.code)
    with transaction.atomic():
        credentials.revoke(secret, reason=NOT_STORED, actor=actor)
        audit.record(
            CredentialEvent.STORE_FAILED,
            actor=actor,
            subject=credentials.subject_of(secret),
            outcome=Outcome.FAILURE,
            reason=error.message,
            details={"stored_at": store_at.as_json(), "code": error.code},
        )
