"""NHI4-VENDOR-SECRET: a static secret at a vendor that is not scoped, not vaulted or not watched."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.platforms import is_saas
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import BlastRadius, UseState

NARROW = frozenset({BlastRadius.READ_ONLY.value, BlastRadius.WRITE_LIMITED.value})


class VendorSecret(Rule):
    """Somebody else's product may know nothing better: tolerated while all three hold (S3-05)."""

    code = "NHI4-VENDOR-SECRET"
    category = "NHI4"
    severity = Severity.MEDIUM
    title = "A vendor's static secret without its safeguards"
    why = "Where a static secret cannot be avoided, only its scope, its vault and somebody watching limit the harm."
    mend = "Narrow its scope, keep its secret in a vault, and have its use reported; then the secret is tolerated."
    field = "blast_radius"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if not is_saas(facts) or not facts.is_static:
            return
        missing = list(_missing(facts))
        if missing:
            yield Observation(f"Its static secret is {', '.join(missing)}.", details={"missing": missing})


def _missing(facts: IdentityFacts) -> Iterator[str]:
    held = facts.static_credentials
    if facts.blast_radius not in NARROW and not (held and all(credential.scope for credential in held)):
        yield "not known to be scoped"
    if not held or not all(credential.stored_at for credential in held):
        yield "not known to rest in a vault"
    if facts.use_state == UseState.UNOBSERVED:
        yield "not watched: no use of it is reported"
