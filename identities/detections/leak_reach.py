"""How far a leaked secret reached: what it opened, from where it was used, and who else is in the same place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from identities.access.models import RoleBinding
from identities.credentials.models import ClientSecret, SecretSource
from identities.credentials.selectors import live_keys, live_secrets
from identities.detections.facts import CredentialFact, Neighbour
from identities.detections.held import place_of
from identities.detections.neighbours import shared_places
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.models import Quarantine
from identities.tokens.models import IssuedToken

MOST = 25


@dataclass(frozen=True)
class Reach:
    """What a stranger could do with one secret, as far as it is known here.

    `residual_until`: until then a token of the identity may still be believed by whoever verifies offline; None where
    there is none. `left`: how many secrets still work, `keys` how many public keys. `others` rest in the same place as
    the leaked one.
    """

    bindings: Sequence[RoleBinding]
    sources: Sequence[SecretSource]
    others: Sequence[Neighbour]
    place: str
    residual_until: datetime | None
    left: int
    keys: int
    quarantine: Quarantine | None

    @property
    def permissions(self) -> list[str]:
        return sorted({name for binding in self.bindings for name in binding.role.permissions})


def reach(identity: ManagedIdentity, secret: ClientSecret, *, at: datetime) -> Reach:
    """Seven queries, two more for a secret that rests in a vault; each bounded."""
    place = place_of(secret.stored_at)
    tokens = IssuedToken.objects.filter(identity=identity, expires_at__gt=at)
    bindings = RoleBinding.objects.effective(at).filter(identity=identity).select_related("role")
    return Reach(
        bindings=list(bindings.order_by("role__name", "pk")[:MOST]),
        sources=list(SecretSource.objects.filter(secret=secret)[:MOST]),
        others=_others(identity, secret, place, at) if place else (),
        place=place,
        residual_until=tokens.aggregate(last=Max("expires_at"))["last"],
        left=live_secrets(identity, at).count(),
        keys=live_keys(identity, at).count(),
        quarantine=Quarantine.objects.filter(identity=identity).order_by("-called_at").first(),
    )


def _others(identity: ManagedIdentity, secret: ClientSecret, place: str, at: datetime) -> Sequence[Neighbour]:
    """As for any place, though the secret that leaked from it is dead by now."""
    leaked = CredentialFact(secret.pk, "client_secret", f"…{secret.hint}", is_ours=True, stored_at=place)
    shared = shared_places({identity.pk: identity.tenant_id}, {identity.pk: [leaked]}, at=at)
    return [other for found in shared.get(identity.pk, ()) for other in found.others]
