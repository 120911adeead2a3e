"""NHI4-STATIC: a static secret where the platform would vouch for the workload."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.platforms import federates_as
from identities.detections.rules.base import Observation, Remedy, Rule


class StaticSecret(Rule):
    """On Kubernetes, in CI and in a cloud there is federation; elsewhere a static secret is another matter (S3-05)."""

    code = "NHI4-STATIC"
    category = "NHI4"
    severity = Severity.HIGH
    title = "A static secret where federation exists"
    why = "A copied key works from anywhere and for anybody; the platform's own token works only where it was issued."
    mend = "Let the platform vouch for the workload (federation), then revoke the static secret."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        where = federates_as(facts)
        if not where or not facts.is_static:
            return
        named = sorted({held.words for held in facts.static_credentials})
        said = f"with {', '.join(named[:5])}" if named else f"by {facts.auth_method.replace('_', ' ')}"
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        yield Observation(f"It is {where} and proves itself {said}{more}.", details={"platform": where})
