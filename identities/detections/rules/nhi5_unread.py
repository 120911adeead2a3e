"""NHI5-UNREAD: a secret that may be read, and is not."""

from collections.abc import Iterator
from datetime import datetime

from identities.access.secret_spans import is_unread
from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day


class UnreadSecret(Rule):
    """One observation for each grant that was not used for twice its reader's cadence, at least thirty days."""

    code = "NHI5-UNREAD"
    category = "NHI5"
    severity = Severity.LOW
    title = "A secret that it may read and does not"
    why = "Whoever takes over a reader reads all that it may read: each secret less is one less to rotate that day."
    mend = "End the grant on the page of the secret reference; it can be given again in a minute."
    remedy = Remedy.ACCESS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for grant in facts.grants:
            if not is_unread(grant.since, grant.last_used_at, grant.cadence, at):
                continue
            who = f"The schedule {grant.schedule}" if grant.schedule else "It"
            read = f"read it last on {day(grant.last_used_at)}" if grant.last_used_at else "has never read it"
            yield Observation(
                f"{who} may read {grant.place} since {day(grant.since)} and {read}.",
                key=str(grant.id),
                details={"grantId": str(grant.id), "place": grant.place},
            )
