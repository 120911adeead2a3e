"""How an identity is named in the audit: as what something happened to, and as who did it (S0-36)."""

from audit.actors import Actor, ActorKind, Subject
from identities.inventory.models import ManagedIdentity


def subject_of(identity: ManagedIdentity) -> Subject:
    """The identity as the thing an event is about."""
    return Subject(kind="identity", id=str(identity.id), label=identity.name, tenant_id=identity.tenant_id)


def actor_of(identity: ManagedIdentity) -> Actor:
    """The identity as the one who acts: always with its name *and* its client id."""
    return Actor(
        kind=ActorKind.IDENTITY,
        id=str(identity.id),
        label=identity.name,
        client_id=identity.client_id,
        tenant_id=identity.tenant_id,
    )
