"""Commands on secrets: make one, end one. Rotation is both, in that order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor, Subject
from identities.credentials import rotation_facts
from identities.credentials.digests import digest
from identities.credentials.models import ClientSecret
from identities.credentials.rotation import rotate_by
from identities.credentials.secret_format import generate
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.inventory.vocabulary import Issuance

HINT_LENGTH = 4
MAX_LIVE = 20


@dataclass(frozen=True, slots=True)
class Issued:
    """A new secret and its text; the text exists only in this value."""

    secret: ClientSecret
    text: str

    def __repr__(self) -> str:
        return f"Issued({self.secret!r})"


@transaction.atomic
def issue(
    identity: ManagedIdentity,
    *,
    actor: Actor,
    expires_at: datetime | None = None,
    stored_at: Mapping[str, object] | None = None,
) -> Issued:
    """Make a secret for `identity`; an identity may have several (S0-35).

    `stored_at` is the reference it is going to (never the value). Raises Conflict for a retired identity or one with
    too many live secrets, Invalid for one that cannot use a secret.
    """
    at = timezone.now()
    locked = ManagedIdentity.objects.select_for_update(no_key=True).get(pk=identity.pk)
    _check(locked, at, expires_at)
    text = generate(locked.environment)
    secret = ClientSecret.objects.create(
        identity=locked,
        digest=digest(text),
        hint=text[-HINT_LENGTH:],
        created_at=at,
        created_by=actor.label,
        stored_at=dict(stored_at) if stored_at else None,
        rotate_by=rotate_by(
            at,
            locked.risk_tier,
            internet_exposed=locked.internet_exposed,
            own_days=locked.rotation_interval_days,
            standards=standards_of(locked.tenant_id),
        ),
        expires_at=expires_at,
    )
    rotation_facts.refresh([locked.pk])
    audit.record(
        CredentialEvent.ISSUED,
        actor=actor,
        subject=subject_of(secret),
        details=_details(secret) | {"rotate_by": secret.rotate_by.isoformat()},
    )
    return Issued(secret=secret, text=text)


@transaction.atomic
def revoke(secret: ClientSecret, *, reason: str, actor: Actor) -> ClientSecret:
    """End `secret` now; nothing brings it back. Raises Conflict if it has ended, Invalid without a reason."""
    if not reason.strip():
        raise Invalid({"reason": ["Say why the secret is revoked."]})
    locks.hold([secret.identity_id])
    locked = ClientSecret.objects.select_for_update(no_key=True).get(pk=secret.pk)
    if locked.revoked_at is not None:
        raise Conflict("This secret has been revoked before.", code="already_revoked")
    locked.revoked_at, locked.revoked_reason = timezone.now(), reason.strip()
    locked.save(update_fields=["revoked_at", "revoked_reason"])
    rotation_facts.refresh([locked.identity_id])
    audit.record(
        CredentialEvent.REVOKED,
        actor=actor,
        subject=subject_of(locked),
        reason=locked.revoked_reason,
        changes=changes.made({"revoked_at": locked.revoked_at.isoformat()}),
        details=_details(locked),
    )
    return locked


def subject_of(secret: ClientSecret) -> Subject:
    """A secret as the audit names it: by its last characters and its identity."""
    identity = secret.identity
    return Subject(
        kind="credential", id=str(secret.id), label=f"{identity.name} …{secret.hint}", tenant_id=identity.tenant_id
    )


def _check(identity: ManagedIdentity, at: datetime, expires_at: datetime | None) -> None:
    if identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{identity.name}' is retired.", code="identity_retired")
    if identity.issuance == Issuance.EXTERNAL:
        raise Invalid({"issuance": ["An external identity proves itself elsewhere: it has no secret of ours."]})
    if expires_at is not None and expires_at <= at:
        raise Invalid({"expires_at": ["The end of a secret lies in the future."]})
    if ClientSecret.objects.filter(identity=identity, revoked_at=None).count() >= MAX_LIVE:
        raise Conflict(f"There are {MAX_LIVE} live secrets: revoke one first.", code="too_many_secrets")


def _details(secret: ClientSecret) -> dict[str, object]:
    return {
        "identity_id": str(secret.identity_id),
        "identity": secret.identity.name,
        "client_id": secret.identity.client_id,
        "hint": secret.hint,
        "stored_at": secret.stored_at,
    }
