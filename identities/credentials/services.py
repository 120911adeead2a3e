"""Commands on secrets: make one, which replaces the one there is; end one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit import changes, keys, services as audit
from audit.actors import Actor
from identities.credentials import due, ending, naming, rotation_facts, rotation_limits, rotations
from identities.credentials.digests import digest
from identities.credentials.models import ClientSecret, Delivery, Rotation
from identities.credentials.naming import subject_of
from identities.credentials.secret_format import generate
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.inventory.vocabulary import Issuance

__all__ = ["Issued", "issue", "revoke", "subject_of"]

HINT_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Issued:
    """A new secret and its text; the text exists only in this value. `rotation`: what it has begun to replace."""

    secret: ClientSecret
    text: str
    rotation: Rotation | None = None

    def __repr__(self) -> str:
        return f"Issued({self.secret!r})"


@transaction.atomic
def issue(
    identity: ManagedIdentity,
    *,
    actor: Actor,
    expires_at: datetime | None = None,
    rotate_by: datetime | None = None,
    stored_at: Mapping[str, object] | None = None,
    delivery: Delivery = Delivery.SHOWN,
    reason: str = "",
    text: str = "",
) -> Issued:
    """Make a secret for `identity`. Beside one that works it begins a rotation; two may work at once, never more.

    `rotate_by` is the day it is due: as the policy says if left out, so that none is without. `stored_at` is the
    reference it is going to (never the value); `text` a secret of ours that was put there before. Raises Conflict for
    a retired identity and, code `overlap_still_open`, where two work already; Invalid for an identity that cannot use
    a secret, and for dates that the policy forbids.
    """
    at = timezone.now()
    locked = ManagedIdentity.objects.select_for_update(no_key=True).get(pk=identity.pk)
    standards = standards_of(locked.tenant_id)
    _check(locked, at, expires_at)
    if rotate_by is not None:
        rotation_limits.check(locked, rotate_by, at=at, standards=standards)
    old = rotations.to_replace(locked, at=at)
    text = text or generate(locked.environment)
    secret = ClientSecret.objects.create(
        identity=locked,
        digest=digest(text),
        digest_key=keys.key_id(),
        hint=text[-HINT_LENGTH:],
        created_at=at,
        created_by=actor.label,
        stored_at=dict(stored_at) if stored_at else None,
        rotate_by=rotate_by or due.by_policy(at, locked, standards),
        renewed_at=at if rotate_by else None,
        expires_at=expires_at,
    )
    rotation_facts.refresh([locked.pk])
    audit.record(
        CredentialEvent.ISSUED,
        actor=actor,
        subject=subject_of(secret),
        reason=reason.strip(),
        details=naming.details(secret) | {"rotate_by": secret.rotate_by.isoformat()},
    )
    if old is None:
        return Issued(secret=secret, text=text)
    begun = rotations.begin(
        locked, old=old, new=secret, delivery=delivery, reason=reason, actor=actor, at=at, standards=standards
    )
    return Issued(secret=secret, text=text, rotation=begun)


@transaction.atomic
def revoke(secret: ClientSecret, *, reason: str, actor: Actor) -> ClientSecret:
    """End `secret` now; nothing brings it back. A rotation it is part of is over with it, whichever of the two it is.

    Tokens that were got with it end by themselves, in minutes; who cannot wait stops the identity. Raises Conflict if
    it has ended, Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why the secret is revoked."]})
    locks.hold([secret.identity_id])
    locked = ClientSecret.objects.select_for_update(no_key=True).get(pk=secret.pk)
    if locked.revoked_at is not None:
        raise Conflict("This secret has been revoked before.", code="already_revoked")
    at = timezone.now()
    ending.end(locked, reason=reason.strip(), at=at)
    over = rotations.settle(locked.identity_id, reason=locked.revoked_reason, at=at)
    audit.record(
        CredentialEvent.REVOKED,
        actor=actor,
        subject=subject_of(locked),
        reason=locked.revoked_reason,
        changes=changes.made({"revoked_at": at.isoformat()}),
        details=naming.details(locked) | ({"rotation_id": str(over.pk), "rotation": over.state} if over else {}),
    )
    return locked


def _check(identity: ManagedIdentity, at: datetime, expires_at: datetime | None) -> None:
    if identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{identity.name}' is retired.", code="identity_retired")
    if identity.issuance == Issuance.EXTERNAL:
        raise Invalid({"issuance": ["An external identity proves itself elsewhere: it has no secret of ours."]})
    if expires_at is not None and expires_at <= at:
        raise Invalid({"expires_at": ["The end of a secret lies in the future."]})
