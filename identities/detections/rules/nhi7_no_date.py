"""NHI7-NO-DATE: nobody knows how old it is, so no day can be named by which it is to be rotated."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule


class NoDate(Rule):
    """A live credential of somebody else's that can be copied, with neither a day of making nor of rotation."""

    code = "NHI7-NO-DATE"
    category = "NHI7"
    severity = Severity.MEDIUM
    title = "A secret of unknown age"
    why = "What has no date is never overdue, and so is never rotated."
    mend = "Rotate it and note the day, or import it from a source that knows when it was made."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for credential in facts.static_credentials:
            dates = (credential.rotate_by, credential.created_at, credential.last_rotated_at)
            if any(date is not None for date in dates) or credential.has_expiry:
                continue
            yield Observation(
                f"When {credential.words} was made or rotated is not known.",
                key=str(credential.id),
                details={"credentialId": str(credential.id)},
            )
