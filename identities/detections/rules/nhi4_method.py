"""NHI4-METHOD: a way to authenticate that the tenant's policy does not allow for this kind and tier."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts, kind_words
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import AuthMethod


class MethodNotAllowed(Rule):
    """The shared administrator account has a rule of its own."""

    code = "NHI4-METHOD"
    category = "NHI4"
    severity = Severity.MEDIUM
    title = "Authentication that the policy does not allow"
    why = "The policy names the ways that are strong enough for each kind and risk tier; this is none of them."
    mend = "Move it to one of the methods that the policy allows, or lower what it may do and with it the tier."
    field = "auth_method"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        method, kind, tier = facts.auth_method, facts.kind, facts.risk_tier
        if method == AuthMethod.HUMAN_SHARED_ADMIN or facts.standards.allows(method, kind=kind, tier=tier):
            return
        allowed = [name.replace("_", " ") for name in facts.standards.allowed_methods(kind=kind, tier=tier)]
        yield Observation(
            f"It uses {method.replace('_', ' ')}; for {kind_words(kind)} of {tier} risk the policy allows "
            f"{', '.join(allowed) or 'nothing'}."
        )
