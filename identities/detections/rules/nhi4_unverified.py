"""NHI4-UNVERIFIED: in production, and nothing verifies the workload behind it."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.platforms import RUNNING_KINDS, is_saas
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import AuthMethod, OwnershipClass

#: A certificate's chain, and a cloud's conditions on where a call comes from, say which workload it is.
ATTESTED = frozenset({AuthMethod.MTLS.value, AuthMethod.CONDITIONAL_SERVICE_ACCOUNT.value})


class Unverified(Rule):
    """No upstream trust source and no attestation (S3-17, S3-18). Only what runs on a platform of ours can have one."""

    code = "NHI4-UNVERIFIED"
    category = "NHI4"
    severity = Severity.MEDIUM
    title = "Nothing verifies the production workload"
    why = "Whoever holds its credential is taken for the workload, whatever machine they sit at."
    mend = "Bind it to the platform that runs it, and enter that as its upstream trust source."
    field = "upstream_trust_source"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        runs = facts.kind in RUNNING_KINDS and not is_saas(facts) and facts.ownership_class == OwnershipClass.WORKLOAD
        if not facts.is_production or not runs:
            return
        if facts.upstream_trust_source or facts.auth_method in ATTESTED:
            return
        method = facts.auth_method.replace("_", " ")
        yield Observation(
            f"It works in production, names no upstream trust source and proves itself by {method}.",
            severity=Severity.HIGH if facts.is_powerful else None,
        )
