"""What people and sources say that an identity needs and reaches; nobody has seen it happen."""

from collections.abc import Iterator

from identities.inventory.dependencies.base import Dependency, DependencySource, Direction
from identities.inventory.models import ManagedIdentity

MOST = 200


class Declared(DependencySource):
    """Members `upstreamDependencies`, `downstreamSystems` and `upstreamTrustSource`, with where each came from."""

    kind = "declared"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        if identity.upstream_trust_source:
            text = "Vouches for it: without this it cannot prove who it is"
            yield _one(identity, "upstream_trust_source", identity.upstream_trust_source, text, Direction.UPSTREAM)
        for name in identity.upstream_dependencies[:MOST]:
            yield _one(identity, "upstream_dependencies", name, "It needs this itself", Direction.UPSTREAM)
        for name in identity.downstream_systems[:MOST]:
            yield _one(identity, "downstream_systems", name, "No longer called by it", Direction.DOWNSTREAM)


def _one(identity: ManagedIdentity, member: str, name: str, text: str, direction: Direction) -> Dependency:
    known = identity.provenance.get(member)
    origin = known if isinstance(known, dict) else {}
    source = origin.get("source") or (f"{origin['by']}" if origin.get("by") else "")
    evidence = f"Stated by {source}" if source else "Stated in the register"
    kind = "trust_source" if member == "upstream_trust_source" else "system"
    return Dependency(kind, name, name, text, direction, evidence)
