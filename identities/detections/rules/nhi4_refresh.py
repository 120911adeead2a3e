"""NHI4-REFRESH: the session of a service user can no longer be refreshed."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, moment

#: A token that was used twice, or that is not the one given out, is in somebody else's hands.
STOLEN = frozenset({"refresh-id-mismatch", "hash-mismatch"})
WHY = {
    "verification-failed": "its refresh token is past its end or not one of ours",
    "invalid-payload": "its refresh token lacks what it must hold",
    "missing-refresh-state": "nothing is known of its refresh token",
    "token-invalidated": "its session was ended",
    "password-rotated": "its password was changed, and it has not signed in with the new one",
    "refresh-id-mismatch": "a refresh token was used twice",
    "hash-mismatch": "its refresh token is not the one that was given out",
}


class RefreshFails(Rule):
    """From the first failed refresh to the next sign-in or refresh that succeeds; also while it is stopped."""

    code = "NHI4-REFRESH"
    category = "NHI4"
    severity = Severity.MEDIUM
    title = "A service user that cannot refresh its session"
    why = "Whatever it automates has stopped or stops within minutes, and nobody sits at a screen to notice."
    mend = "Find out why on its Account tab, put the new password or token where the software finds it, and restart it."
    remedy = Remedy.ACCOUNT
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        account = facts.account
        if account is None or account.failing_since is None:
            return
        why = WHY.get(account.failing_reason, "the reason was not noted")
        is_stolen = account.failing_reason in STOLEN
        yield Observation(
            f"Its refresh has failed since {moment(account.failing_since)}: {why} ({account.failing_reason}).",
            details={"reason": account.failing_reason, "since": account.failing_since.isoformat()},
            severity=Severity.HIGH if is_stolen else None,
        )
