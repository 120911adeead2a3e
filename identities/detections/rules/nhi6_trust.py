"""NHI6-TRUST: a federated trust that lets more in than the one pipeline or workload it is meant for."""

import re
from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.platforms import is_pipeline
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import AuthMethod

_SUBJECT = re.compile(r"\bsub(?:ject)?\s*[=:]\s*(\S+)", re.IGNORECASE)


class LooseTrust(Rule):
    """Reads `<issuer or platform> subject=<pattern>`: loose without a subject or with a bare star, wide with one in it.

    A Kubernetes subject ends in the service account's own name; a pipeline's in its branch, tag or environment.
    """

    code = "NHI6-TRUST"
    category = "NHI6"
    severity = Severity.HIGH
    title = "A trust without strict conditions"
    why = "A trust that names no exact subject lets in every repository, branch or workload the issuer speaks for."
    mend = "Name the exact subject: repository and branch or environment, or namespace and service account."
    field = "upstream_trust_source"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        trust = facts.upstream_trust_source
        if not trust or not (facts.auth_method == AuthMethod.FEDERATED or is_pipeline(facts)):
            return
        found = _SUBJECT.search(trust)
        subject = found.group(1) if found else ""
        if not subject:
            yield Observation(f"It trusts {trust} and names no subject.")
        elif not subject.strip("*"):
            yield Observation(f"It trusts {trust}: every subject of the issuer fits.")
        elif "*" in subject:
            yield Observation(f"It trusts {trust}: more than one subject fits.", severity=Severity.MEDIUM)
        elif subject.endswith(":pull_request"):
            yield Observation(f"It trusts {trust}: whoever opens a pull request gets in.")
