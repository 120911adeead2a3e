"""NHI2-LEAKED: one of its secrets was found where it does not belong, and reported."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from identities.detections.facts import IdentityFacts
from identities.detections.leak_facts import LeakFact
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day

#: So long it stands also where nothing is left to replace: the place has still to be cleaned, and somebody to see it.
SEEN_FOR = timedelta(days=1)


class Leaked(Rule):
    """A secret of ours that worked when it was reported: for a day, and until it is dead and a younger one works."""

    code = "NHI2-LEAKED"
    category = "NHI2"
    severity = Severity.CRITICAL
    title = "A secret leaked"
    why = "Whoever read the place had the secret until it was revoked, and may have used it."
    mend = (
        "Issue a new secret, look at the tokens and runs since the leak, and clean the place where it was found, with "
        "its history."
    )
    remedy = Remedy.CREDENTIALS
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for leak in facts.leaks:
            if leak.is_live or not _is_replaced(leak, facts) or at < leak.reported_at + SEEN_FOR:
                yield Observation(
                    _evidence(leak, facts),
                    key=str(leak.secret_id),
                    details={
                        "credentialId": str(leak.secret_id),
                        "reportedAt": leak.reported_at.isoformat(),
                        "source": leak.source,
                        "place": leak.place,
                        "action": leak.action,
                    },
                )


def _is_replaced(leak: LeakFact, facts: IdentityFacts) -> bool:
    """Does a secret or a key work that is younger, and has not leaked itself?"""
    leaked = {other.secret_id for other in facts.leaks}
    return any(
        held.is_ours and held.id not in leaked and held.created_at is not None and held.created_at > leak.created_at
        for held in facts.live_credentials
    )


def _evidence(leak: LeakFact, facts: IdentityFacts) -> str:
    named = " at ".join(part for part in (leak.source, leak.place) if part) or "a text"
    said = f"The secret …{leak.hint} was reported on {day(leak.reported_at)}, found in {named}."
    if leak.is_live:
        return f"{said} It still works."
    done = "The identity was quarantined and the secret revoked" if leak.action == "quarantined" else "It was revoked"
    has_proof = any(held.is_ours for held in facts.live_credentials)
    return f"{said} {done}." + ("" if has_proof else " The identity has no secret now.")
