"""How fast and how alike reviewers answer: what tells a review from a rubber stamp. Pure but for one read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from django.db.models import Count, Q

from identities.recertification.models import Decision, ItemState, ReviewCampaign, ReviewDecision, ReviewItem

#: Fewer answers than these say nothing about how somebody answers.
ENOUGH = 5
FAST_SECONDS, MOSTLY = 3.0, 0.8


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a person, as far as it tells how they answered."""

    by: str
    decision: str
    seconds: float | None
    batch_size: int
    recommended: str


@dataclass(frozen=True, slots=True)
class Pace:
    """One reviewer of a campaign. `batch_share` and `against_share` run from 0 to 1, of what they answered."""

    reviewer: str
    answered: int
    open: int
    median_seconds: float | None
    batch_share: float
    against_share: float

    @property
    def signals(self) -> list[str]:
        """Why this may be a rubber stamp, in words; a sign to look closer, and no proof."""
        if self.answered < ENOUGH:
            return []
        said = []
        if self.median_seconds is not None and self.median_seconds < FAST_SECONDS:
            said.append(f"half of the answers took under {self.median_seconds:.1f} s")
        if self.batch_share > MOSTLY:
            said.append(f"{self.batch_share:.0%} were certified in batches")
        if self.against_share > MOSTLY:
            said.append(f"{self.against_share:.0%} certified against the recommendation")
        return said


def paces(campaign: ReviewCampaign) -> list[Pace]:
    """Every reviewer of `campaign`, those with the most open first. Two queries."""
    rows = (
        ReviewDecision.objects.filter(item__campaign=campaign, undone_at=None)
        .exclude(decision=Decision.NO_RESPONSE)
        .values_list("by_label", "decision", "seconds", "batch_size", "item__recommendation")
    )
    waiting = (
        ReviewItem.objects.filter(campaign=campaign)
        .exclude(reviewer_label="")
        .order_by()
        .values_list("reviewer_label")
        .annotate(waits=Count("pk", filter=Q(state=ItemState.OPEN)))
    )
    return judged([Answer(*row) for row in rows.iterator()], dict(waiting))


def judged(answers: Iterable[Answer], waiting: dict[str, int]) -> list[Pace]:
    """The pace of each who answered or is waited for."""
    by: dict[str, list[Answer]] = {name: [] for name in waiting}
    for answer in answers:
        by.setdefault(answer.by, []).append(answer)
    found = [_pace(name, given, waiting.get(name, 0)) for name, given in by.items()]
    return sorted(found, key=lambda pace: (-pace.open, -pace.answered, pace.reviewer))


def _pace(name: str, given: Sequence[Answer], waits: int) -> Pace:
    taken = [answer.seconds for answer in given if answer.seconds is not None]
    batched = sum(answer.batch_size > 1 for answer in given)
    against = sum(
        answer.decision == Decision.CERTIFY and answer.recommended in (Decision.REDUCE, Decision.REVOKE)
        for answer in given
    )
    return Pace(
        reviewer=name,
        answered=len(given),
        open=waits,
        median_seconds=median(taken) if taken else None,
        batch_share=batched / len(given) if given else 0.0,
        against_share=against / len(given) if given else 0.0,
    )
