"""Commands on public keys that identities sign with (RFC 7523): add one, which replaces the one there is; end one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import changes, services as audit
from audit.actors import Actor
from identities.credentials import due, ending, naming, rotation_facts, rotation_limits, rotations
from identities.credentials.models import ClientKey, Rotation
from identities.credentials.selectors import alive
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.inventory.vocabulary import Issuance
from identities.jose import jwk as jwks, pem
from identities.jose.rsa_keys import BadKey

MAX_KID, MAX_NAME = 128, 120


@dataclass(frozen=True, slots=True)
class Added:
    """A new key, and the rotation it has begun where another worked already."""

    key: ClientKey
    rotation: Rotation | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A public key as it was handed in: looked at, named and reduced to what it is."""

    kid: str
    alg: str
    jwk: Mapping[str, str]
    thumbprint: str


@sensitive_variables("public_key")
@transaction.atomic
def add_key(
    identity: ManagedIdentity,
    *,
    public_key: str | Mapping[str, Any],
    actor: Actor,
    kid: str = "",
    name: str = "",
    expires_at: datetime | None = None,
    rotate_by: datetime | None = None,
    reason: str = "",
) -> Added:
    """Let `identity` prove itself with the private half of `public_key` (PEM or JWK), which never comes here.

    Beside a key that works it begins a rotation; two may work at once, never more. Its name is `kid`, else the one in
    the JWK, else its thumbprint (RFC 7638). Raises Invalid for a private or a weak key, one that another identity of
    the tenant has, one that was revoked here, and for dates that the policy forbids; Conflict for a retired identity
    and, code `overlap_still_open`, where two work already.
    """
    at = timezone.now()
    given = _read(public_key, kid.strip())
    locks.hold([identity.pk])
    locked = ManagedIdentity.objects.get(pk=identity.pk)
    standards = standards_of(locked.tenant_id)
    _check(locked, at, expires_at, name)
    if rotate_by is not None:
        rotation_limits.check(locked, rotate_by, at=at, standards=standards)
    old = _to_replace(locked, at)
    _check_new(locked, given)
    key = ClientKey.objects.create(
        identity=locked,
        kid=given.kid,
        name=name.strip(),
        alg=given.alg,
        public_jwk=dict(given.jwk),
        thumbprint=given.thumbprint,
        created_at=at,
        created_by=actor.label,
        rotate_by=rotate_by or due.by_policy(at, locked, standards),
        renewed_at=at if rotate_by else None,
        expires_at=expires_at,
    )
    rotation_facts.refresh([locked.pk])
    audit.record(
        CredentialEvent.KEY_ADDED,
        actor=actor,
        subject=naming.subject_of(key),
        reason=reason.strip(),
        details=naming.details(key) | _described(key),
    )
    if old is None:
        return Added(key)
    return Added(key, rotations.begin_keys(locked, old_key=old, new_key=key, reason=reason, actor=actor, at=at))


@transaction.atomic
def revoke_key(key: ClientKey, *, reason: str, actor: Actor) -> ClientKey:
    """End `key` now; nothing brings it back. A rotation it is part of is over with it.

    Raises Conflict if it has ended, Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why the key is revoked."]})
    locks.hold([key.identity_id])
    locked = ClientKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    if locked.revoked_at is not None:
        raise Conflict("This key has been revoked before.", code="already_revoked")
    at = timezone.now()
    ending.end(locked, reason=reason.strip(), at=at)
    over = rotations.settle(locked.identity_id, reason=locked.revoked_reason, at=at)
    audit.record(
        CredentialEvent.REVOKED,
        actor=actor,
        subject=naming.subject_of(locked),
        reason=locked.revoked_reason,
        changes=changes.made({"revoked_at": at.isoformat()}),
        details=naming.details(locked) | ({"rotation_id": str(over.pk), "rotation": over.state} if over else {}),
    )
    return locked


@sensitive_variables("public_key")
def _read(public_key: str | Mapping[str, Any], kid: str) -> Given:
    try:
        key, alg, its_own = pem.read(public_key)
    except BadKey as error:
        raise Invalid({"public_key": [f"Not taken: {error}."]}) from None
    members = jwks.members_of(key)
    found = jwks.thumbprint(members)
    named = kid or its_own or found
    if len(named) > MAX_KID or not (named.isascii() and named.isprintable()):
        raise Invalid({"kid": [f"At most {MAX_KID} printable ASCII characters."]})
    return Given(kid=named, alg=alg, jwk=members | {"alg": alg}, thumbprint=found)


def _check(identity: ManagedIdentity, at: datetime, expires_at: datetime | None, name: str) -> None:
    if identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{identity.name}' is retired.", code="identity_retired")
    if identity.issuance == Issuance.EXTERNAL:
        raise Invalid({"issuance": ["An external identity proves itself elsewhere: enter its key there."]})
    if expires_at is not None and expires_at <= at:
        raise Invalid({"expires_at": ["The end of a key lies in the future."]})
    if len(name) > MAX_NAME or not name.isprintable():
        raise Invalid({"name": [f"At most {MAX_NAME} printable characters."]})


def _check_new(identity: ManagedIdentity, given: Given) -> None:
    """Nobody has it: a key that two share says of neither who it is, and one that was given up is not trusted again."""
    same = ClientKey.objects.filter(thumbprint=given.thumbprint, identity__tenant_id=identity.tenant_id)
    holders = list(same.values_list("identity_id", "revoked_at"))
    if (identity.pk, None) in holders:
        raise Invalid({"public_key": ["This identity has the key already."]})
    if any(revoked_at is None for _, revoked_at in holders):
        raise Invalid({"public_key": ["Another identity proves itself with this key: each needs its own."]})
    if any(holder == identity.pk for holder, _ in holders):
        raise Invalid({"public_key": ["This key was revoked here: make another."]})
    if ClientKey.objects.filter(identity=identity, kid=given.kid, revoked_at=None).exists():
        raise Invalid({"kid": ["A key of this name is there: name the new one otherwise."]})


def _to_replace(identity: ManagedIdentity, at: datetime) -> ClientKey | None:
    live = list(ClientKey.objects.filter(alive(at), identity=identity).select_for_update(no_key=True).order_by("pk"))
    if len(live) > 1:
        raise Conflict(
            f"Managed identity '{identity.name}' has {len(live)} live keys; revoke one first.",
            code="overlap_still_open",
        )
    return live[0] if live else None


def _described(key: ClientKey) -> dict[str, object]:
    return {
        "alg": key.alg,
        "thumbprint": key.thumbprint,
        "rotate_by": key.rotate_by.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
