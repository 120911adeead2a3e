"""The verdict on one identity: colour with reasons, use, orphanhood, completeness. Pure: facts in, verdict out.

Rows are read and written by `posture`; here is neither database nor clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from identities.inventory import completeness, dormancy, orphans, triage
from identities.inventory.assessable import Assessable
from identities.inventory.completeness import Missing
from identities.inventory.dormancy import Use
from identities.inventory.standards import DEFAULTS, Standards
from identities.inventory.triage import Reason
from identities.inventory.vocabulary import Triage, UseState


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of an identity at an instant.

    `reassess_at` is the first moment at which time alone may change it; None: never. `is_final`: nothing will.
    """

    colour: Triage
    reasons: Sequence[Reason]
    use: Use
    is_orphaned: bool
    completeness: int
    missing: Sequence[Missing] = field(default_factory=tuple)
    reassess_at: datetime | None = None
    is_final: bool = False

    @property
    def use_state(self) -> UseState:
        return self.use.state


def assess(facts: Assessable, *, standards: Standards = DEFAULTS, at: datetime) -> Verdict:
    """Judge `facts` as they are `at`, by the standards of their tenant."""
    use = _use(facts, standards, at)
    reasons = triage.reasons_for(facts, use=use, standards=standards, at=at)
    missing = completeness.missing_of(facts)
    return Verdict(
        colour=triage.colour_of(reasons),
        reasons=reasons,
        use=use,
        is_orphaned=_is_orphaned(facts),
        completeness=completeness.score(missing),
        missing=missing,
        reassess_at=_next_change(facts, use, at),
        is_final=facts.is_over,
    )


def _use(facts: Assessable, standards: Standards, at: datetime) -> Use:
    cadence = dormancy.cadence_of(
        stated=facts.expected_cadence,
        scheduled_seconds=facts.schedule_cadence_seconds,
        default_days=standards.dormant_after_days,
    )
    return dormancy.judge(
        last_used_at=facts.last_used_at,
        began_at=facts.created_at,
        is_observed=facts.is_observed,
        cadence=cadence,
        at=at,
    )


def _is_orphaned(facts: Assessable) -> bool:
    if facts.is_over:
        return False
    return orphans.is_orphaned(facts.chain, has_team=facts.has_team, ticket=facts.ticket, repository=facts.repository)


def _next_change(facts: Assessable, use: Use, at: datetime) -> datetime | None:
    if facts.is_over:
        return None
    moments = (use.dormant_from, facts.rotate_by, _day_after(facts.review_by), facts.expires_at)
    return min((moment for moment in moments if moment is not None and moment > at), default=None)


def _day_after(day: date | None) -> datetime | None:
    """When `day` is over, in UTC: a review is in time until its last day ends."""
    if day is None or day == date.max:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
