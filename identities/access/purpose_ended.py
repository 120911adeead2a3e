"""An identity that is there for something else now starts from nothing: its roles end with its purpose (S3-11)."""

from audit.actors import Actor
from identities.access import services as access
from identities.inventory.models import ManagedIdentity
from identities.inventory.watchers.base import Watcher

REASON = "Its purpose changed: the new one asks anew"


class PurposeEnded(Watcher):
    """Ends every binding that stands. An import that fills in an empty purpose is no change of it."""

    kind = "purpose_ended"

    def concerns(self, identity: ManagedIdentity) -> bool:
        return True

    def changed(self, identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
        if part == "purpose":
            access.end_bindings_of(identity, actor=actor, reason=REASON)
