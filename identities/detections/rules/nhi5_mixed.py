"""NHI5-MIXED: the same identity observes and changes, and nobody said why."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import BlastRadius, Function

#: Permissions of ours that watch over others, and those that change them.
OBSERVING = frozenset({"audit.read", "finding.read", "review.read", "report.read", "token.introspect"})
CHANGING = frozenset(
    {"identity.write", "schedule.write", "credential.rotate", "identity.quarantine", "register.import"}
)
#: The tag in which a reason is stated.
REASON_TAG = "read-write-reason"
_READS = re.compile(r"(^|[:._/ -])(read|readonly|get|list|view|viewer|describe)", re.IGNORECASE)
_WRITES = re.compile(
    r"(^|[:._/ -])(write|readwrite|put|create|update|delete|modify|admin|editor|owner|manage|set|patch|full)",
    re.IGNORECASE,
)


class MixedPaths(Rule):
    """Reading, writing and escalating are separate paths (S4-25). Stronger for one that was entered as a reader."""

    code = "NHI5-MIXED"
    category = "NHI5"
    severity = Severity.LOW
    title = "Reads and writes without a stated reason"
    why = "Who both watches and changes can hide what was changed; who only had to read needs no way to write."
    mend = "Split it into a reading and a writing identity, or state the reason in the tag read-write-reason."
    field = "tags"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        if facts.tags.get(REASON_TAG, "").strip():
            return
        watches = _named(facts.permissions & OBSERVING, facts.downstream_permissions, _READS, not_also=_WRITES)
        changes = _named(facts.permissions & CHANGING, facts.downstream_permissions, _WRITES)
        only_reads = facts.function == Function.OBSERVE or facts.blast_radius == BlastRadius.READ_ONLY
        if not changes or not (watches or only_reads):
            return
        said = f"It may change ({', '.join(changes[:3])})"
        said += f" and observe ({', '.join(watches[:3])})." if watches else ", and was entered as one that only reads."
        yield Observation(
            said,
            details={"changes": changes[:20], "observes": watches[:20]},
            severity=Severity.MEDIUM if only_reads else None,
        )


def _named(
    ours: Iterable[str], theirs: Iterable[str], words: re.Pattern[str], *, not_also: re.Pattern[str] | None = None
) -> list[str]:
    found = {name for name in theirs if words.search(name) and not (not_also and not_also.search(name))}
    return sorted({*ours, *found})
