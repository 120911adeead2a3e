"""NHI9-SOURCES: one identity lives in several accounts of one platform."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.platforms import account_of, platform_of
from identities.detections.rules.base import Observation, Rule


class Sources(Rule):
    """Two platforms that both report it is one identity seen twice; two accounts of one platform is one used twice."""

    code = "NHI9-SOURCES"
    category = "NHI9"
    severity = Severity.MEDIUM
    title = "One identity in several accounts"
    why = "An account is a wall only while nobody walks through it with the same identity."
    mend = "Make one identity for each account or cluster, and part the rows if they were merged by mistake."

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        accounts: defaultdict[str, set[str]] = defaultdict(set)
        for source in facts.reported_by:
            accounts[platform_of(source)].add(account_of(source))
        for platform in sorted(accounts):
            if len(accounts[platform]) > 1:
                named = sorted(accounts[platform])
                yield Observation(
                    f"{platform} reports it from {', '.join(named[:6])}.",
                    key=platform,
                    details={"accounts": named[:50]},
                )
