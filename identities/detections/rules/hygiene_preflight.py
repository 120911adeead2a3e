"""HYGIENE-PREFLIGHT: something that is due would fail."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from identities.detections.facts import Foreseen, IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule

SOON, NEAR = timedelta(days=1), timedelta(days=3)
NAMED = 5


class WouldFail(Rule):
    """One observation for each cause, however many schedules it stops; the nearer the first of them, the graver."""

    code = "HYGIENE-PREFLIGHT"
    category = "HYGIENE"
    severity = Severity.MEDIUM
    title = "A run that is due would fail"
    why = "It was tried beforehand, without effect. What is mended by day fails nobody at night."
    mend = "Press the button, then Preflight on the schedule: a clear preflight resolves this."
    remedy = Remedy.SCHEDULES
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        by_cause: defaultdict[str, list[Foreseen]] = defaultdict(list)
        for one in facts.foreseen:
            by_cause[one.code].append(one)
        for code, seen in by_cause.items():
            yield Observation(_words(seen), key=code, details=_details(seen), severity=_severity(seen, at))


def _words(seen: Sequence[Foreseen]) -> str:
    others = [each.what for each in seen[1:]]
    more = f" The same holds for {_listed(others)}." if others else ""
    return f"{seen[0].what}: {seen[0].text}{more}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _details(seen: Sequence[Foreseen]) -> dict[str, object]:
    first = seen[0]
    return {
        "cause": first.code,
        "remedy": first.remedy,
        "firstAt": first.at.isoformat() if first.at else None,
        "schedules": [each.what for each in seen],
    }


def _severity(seen: Sequence[Foreseen], at: datetime) -> Severity:
    stops = [each.at for each in seen if each.stops_runs and each.at is not None]
    if not stops:
        return Severity.LOW
    left = min(stops) - at
    return Severity.HIGH if left <= SOON else Severity.MEDIUM if left <= NEAR else Severity.LOW
