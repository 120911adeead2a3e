"""NHI8-SPAN: what is known of it points into another environment."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.environments import environments_in
from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule

TAGS = ("environment", "env", "stage")


class SpansEnvironments(Rule):
    """Its tags, where its secrets rest, whom it trusts (S3-38). One observation for each kind of evidence."""

    code = "NHI8-SPAN"
    category = "NHI8"
    severity = Severity.HIGH
    title = "One identity across environments"
    why = "Whoever gets into the weaker environment walks into the stronger one with the same identity."
    mend = "Make one identity for each environment, each with its own secret and its own trust."
    field = "environment"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if not facts.environment:
            return
        for key, text in _evidence(facts):
            others = environments_in(text) - {facts.environment}
            if others and facts.environment not in environments_in(text):
                yield Observation(
                    f"The register says {facts.environment}; its {key} says {' and '.join(sorted(others))}: {text}.",
                    key=key,
                    severity=Severity.HIGH if "production" in {facts.environment, *others} else Severity.MEDIUM,
                )


def _evidence(facts: IdentityFacts) -> Iterator[tuple[str, str]]:
    tagged = next((facts.tags[name] for name in TAGS if facts.tags.get(name)), "")
    if tagged:
        yield "tag", tagged
    if facts.upstream_trust_source:
        yield "trust source", facts.upstream_trust_source
    for credential in sorted(facts.live_credentials, key=lambda held: held.stored_at):
        if credential.stored_at and environments_in(credential.stored_at) - {facts.environment}:
            yield "secret's place", credential.stored_at
            return
