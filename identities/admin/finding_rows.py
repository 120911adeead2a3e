"""How findings are shown: a severity, a state, a table of them."""

from collections.abc import Iterable

from identities.admin.pages import page_of
from identities.admin.parts import Badge, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.wording import ACCENT, BAD, GOOD, INFO, QUIET, WARN
from identities.detections.judging import rule_of
from identities.detections.models import Finding, FindingState, Severity

TONES = {Severity.CRITICAL: BAD, Severity.HIGH: BAD, Severity.MEDIUM: WARN, Severity.LOW: QUIET}
STATE_TONES = {FindingState.OPEN: WARN, FindingState.ACCEPTED: INFO, FindingState.RESOLVED: GOOD}


def title_of(finding: Finding) -> str:
    """The fault in a few words; the code of a rule that is gone."""
    rule = rule_of(finding.code)
    return rule.title if rule is not None else finding.code


def severity_badge(severity: str, count: int | None = None) -> Badge:
    """A severity, with how many there are of it."""
    tone = TONES.get(Severity(severity), ACCENT)
    return Badge(severity if count is None else f"{count} {severity}", tone)


def state_badge(finding: Finding) -> Badge:
    """Its state, with the day until which it is accepted."""
    if finding.state == FindingState.ACCEPTED and finding.accepted_until:
        return Badge(f"accepted until {finding.accepted_until:%d %b %Y}", INFO, finding.accepted_reason)
    return Badge(finding.state, STATE_TONES[FindingState(finding.state)])


def findings_table(title: str, rows: Iterable[Finding], empty: Empty, *, more: Link | None = None) -> Table:
    """Findings of one identity, each with its evidence."""
    shown: list[list[object]] = [
        [
            severity_badge(finding.severity),
            Lines([Link(title_of(finding), page_of(finding)), Quiet(finding.code)]),
            finding.evidence,
            state_badge(finding),
            Moment(finding.resolved_at or finding.opened_at),
        ]
        for finding in rows
    ]
    return Table(title, ["Severity", "Finding", "Evidence", "State", "Since"], shown, empty, more=more)
