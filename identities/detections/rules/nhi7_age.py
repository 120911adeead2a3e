"""NHI7-AGE: a secret older than its tier allows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from identities.detections.facts import CredentialFact, IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day


class TooOld(Rule):
    """Ours by its rotation date; another's by the day it was made or last rotated. One observation a credential."""

    code = "NHI7-AGE"
    category = "NHI7"
    severity = Severity.MEDIUM
    title = "A secret older than its tier allows"
    why = "The longer a secret lives, the more people, logs and backups hold a copy of it."
    mend = "Rotate it: make a new one beside it, move the workload over, revoke the old one."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for credential in facts.live_credentials:
            due = _due(credential, facts.rotation_days)
            if due is None or due > at:
                continue
            began = credential.last_rotated_at or credential.created_at
            since = f" dates from {day(began)} and" if began else ""
            twice = began is not None and began + timedelta(days=2 * facts.rotation_days) <= at
            yield Observation(
                f"Its {credential.words}{since} was to be rotated by {day(due)}.",
                key=str(credential.id),
                details={"credentialId": str(credential.id), "rotateBy": due.isoformat()},
                severity=Severity.HIGH if twice else None,
            )


def _due(credential: CredentialFact, days: int) -> datetime | None:
    if credential.rotate_by is not None:
        return credential.rotate_by
    began = credential.last_rotated_at or credential.created_at
    if began is None or not (credential.is_static or credential.kind == "stored_secret"):
        return None
    return began + timedelta(days=days)
