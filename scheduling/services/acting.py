"""As whom something may be set to run: an identity of the tenant, and a secret of it that a registered vault holds."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from audit.actors import Actor, ActorKind
from identities.credentials import secret_format
from identities.errors import Invalid, Refused
from identities.inventory import locks, selectors as register
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference

IDENTITY, REFERENCE = "managed_identity_id", "secret_reference"
HOLDS_SECRET = "holds a client secret: put it into a vault and name it there; revoke this one, it has been seen"  # noqa: S105 - what is said of one


def check(identity_id: Any, reference: Any, *, tenant_id: UUID) -> tuple[UUID, dict[str, str]]:
    """Both in the form in which they are kept; Invalid names the member that does not fit.

    An identity of another tenant looks like one that does not exist. A disabled one may be named: what comes of it is
    the run's outcome; a retired one never comes back and may not.
    """
    identity, errors = _identity(identity_id, tenant_id)
    environment = identity.environment if identity else ""
    kept: dict[str, str] = {}
    if found := secret_problems(reference):
        raise Invalid(errors | {REFERENCE: found})
    try:
        understood = SecretReference.from_json(reference)
        vaults.check_reference(understood, tenant_id=tenant_id, environment=environment)
        kept = understood.as_json()
    except Invalid as invalid:
        errors |= _under_reference(invalid)
    if errors or identity is None:
        raise Invalid(errors)
    return identity.pk, kept


def hold(*identity_ids: object) -> None:
    """Keep the identities named until the transaction ends. Call it before a schedule is locked (`inventory.locks`).

    What names none is left to `check`.
    """
    keys = []
    for identity_id in identity_ids:
        with suppress(ValueError):
            keys.append(UUID(str(identity_id)))
    locks.hold(keys)


def secret_problems(data: Any) -> list[str]:
    """What people write here is kept and shown: one of our secrets in it is refused before it is kept."""
    return [HOLDS_SECRET] if any(secret_format.find(json.dumps(data, ensure_ascii=False, default=str))) else []


def check_hand(actor: Actor, *identity_ids: object) -> None:
    """A managed identity may set going what runs as itself and nothing that runs as another (Refused otherwise).

    `identity_ids` are all as whom something will act: a schedule's own and those of its workflow's nodes. For people
    the face has asked: only who governs the tenant's identities comes here.
    """
    if actor.kind == ActorKind.IDENTITY and any(str(identity_id) != actor.id for identity_id in identity_ids):
        raise Refused("A managed identity may only schedule what runs as itself", code="not_own_identity")


def named_by(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The identities that nodes name for themselves."""
    return [str(node["managedIdentityId"]) for node in nodes if node.get("managedIdentityId")]


def _identity(identity_id: Any, tenant_id: UUID) -> tuple[ManagedIdentity | None, dict[str, list[str]]]:
    identity = register.by_id(identity_id)
    if identity is None or identity.tenant_id != tenant_id:
        return None, {IDENTITY: [f"Managed identity {str(identity_id)[:64]} not found"]}
    if identity.state == State.RETIRED:
        return identity, {IDENTITY: [f"Managed identity '{identity.name}' is retired"]}
    return identity, {}


def _under_reference(invalid: Invalid) -> Mapping[str, list[str]]:
    if not invalid.errors:
        return {REFERENCE: [invalid.message]}
    return {
        REFERENCE if member == REFERENCE else f"{REFERENCE}.{member}": messages
        for member, messages in invalid.errors.items()
    }
