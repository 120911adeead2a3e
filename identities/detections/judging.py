"""All rules on one identity. Pure: facts in, verdicts out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from audit.scrubbing import clean_members, clean_text
from identities.detections import rules as _every_rule  # noqa: F401 - importing them registers them
from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.states import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's observation."""

    rule: Rule
    seen: Observation

    @property
    def severity(self) -> Severity:
        return self.seen.severity or self.rule.severity


def every_rule() -> list[Rule]:
    """One of each registered rule, by code."""
    return [Rule.registered[code]() for code in sorted(Rule.registered)]


def rule_of(code: str) -> type[Rule] | None:
    """The rule with this code; None for one that is no longer there."""
    return Rule.registered.get(code)


def verdicts(facts: IdentityFacts, at: datetime, asked: list[Rule]) -> Iterator[Verdict]:
    """Everything that `asked` hold against the identity at `at`. What is not active yet, or retired, is not judged."""
    if not facts.is_standing and facts.state != State.DISABLED:
        return
    for rule in asked:
        if facts.is_standing or rule.judges_disabled:
            for seen in rule.judge(facts, at):
                yield Verdict(rule, _masked(seen) if facts.is_tainted else seen)


def _masked(seen: Observation) -> Observation:
    """A rule names what it found; if that itself reads as a secret, nobody is shown it."""
    details = clean_members(seen.details)
    return replace(seen, evidence=clean_text(seen.evidence), key=clean_text(seen.key, 200), details=details)
