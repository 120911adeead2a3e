"""The register's owners are watched: who is in caretaker state and has an owner again needs nobody else."""

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from identities.inventory.watchers.base import Watcher
from identities.succession import cases


class OwnerFound(Watcher):
    """Closes the case of an identity that was given an owner by another way than the case itself."""

    kind = "succession"

    def concerns(self, identity: ManagedIdentity) -> bool:
        return identity.caretaker_since is not None

    def changed(self, identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
        if part == "owners":
            cases.settle_if_owned(identity, actor=actor)
