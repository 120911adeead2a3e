"""The report of a campaign: who decided what, when, on what evidence, and what came of it. Making one is recorded."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.events import CampaignEvent
from identities.recertification import snapshots
from identities.recertification.models import (
    CertifiedSnapshot,
    Decision,
    ItemState,
    RemediationState,
    ReviewCampaign,
    ReviewDecision,
    ReviewItem,
)
from identities.recertification.pace import Pace, paces
from identities.recertification.subjects import subject_of

FORMATS = ("json", "csv", "html")
CHUNK = 500


@dataclass(frozen=True)
class Line:
    """One item as the report tells it. `seal_holds` is None where nothing was certified."""

    item: ReviewItem
    answers: Sequence[ReviewDecision]
    snapshot: CertifiedSnapshot | None
    seal_holds: bool | None

    @property
    def last(self) -> ReviewDecision | None:
        """The answer that stands, or the last one that stood."""
        return self.answers[-1] if self.answers else None

    @property
    def hours(self) -> float | None:
        """From the decision to its remedy; None where there is none."""
        done, decided = self.item.remediated_at, self.item.decided_at
        return round((done - decided).total_seconds() / 3600, 2) if done and decided else None


@dataclass(frozen=True)
class CampaignReport:
    """A campaign at one instant: the summary, its reviewers, and its items one by one."""

    campaign: ReviewCampaign
    made_at: datetime
    made_by: str
    summary: Mapping[str, Any]
    reviewers: Sequence[Pace]

    def lines(self) -> Iterator[Line]:
        """Every item in order, a few hundred at a time; each snapshot's seal is checked on the way."""
        rows = ReviewItem.objects.filter(campaign=self.campaign).select_related("identity", "campaign")
        rows = rows.prefetch_related("decisions", "snapshots").order_by("identity__name", "opened_at", "pk")
        for item in rows.iterator(chunk_size=CHUNK):
            found = sorted(item.snapshots.all(), key=lambda kept: kept.certified_at)
            snapshot = found[-1] if found else None
            yield Line(item, list(item.decisions.all()), snapshot, snapshots.is_intact(snapshot) if snapshot else None)


@transaction.atomic
def make(campaign: ReviewCampaign, *, file_format: str, actor: Actor) -> CampaignReport:
    """The report of `campaign` as it stands now, recorded as made before the first byte leaves."""
    report = CampaignReport(campaign, timezone.now(), actor.label, summarised(campaign), paces(campaign))
    details = {"format": file_format, "items": report.summary["items"], "scope": campaign.scope}
    audit.record(CampaignEvent.REPORTED, actor=actor, subject=subject_of(campaign), details=details)
    return report


def summarised(campaign: ReviewCampaign) -> dict[str, Any]:
    """The campaign in numbers. One query for the items, one for the answers."""
    rows = ReviewItem.objects.filter(campaign=campaign).values_list(
        "state", "decision", "remediation_state", "unclear", "decided_at", "remediated_at", "recommendation"
    )
    states, decisions, remedies = Counter[str](), Counter[str](), Counter[str]()
    unclear, against, hours, every = 0, 0, [], 0
    for state, decision, remedy, missing, decided_at, remediated_at, recommended in rows.iterator():
        every += 1
        states[state] += 1
        unclear += bool(missing)
        if decision:
            decisions[decision] += 1
            remedies[remedy] += 1
            against += bool(recommended) and decision not in (recommended, Decision.NO_RESPONSE)
        if decided_at and remediated_at and remedy == RemediationState.DONE:
            hours.append((remediated_at - decided_at).total_seconds() / 3600)
    undone = ReviewDecision.objects.filter(item__campaign=campaign).exclude(undone_at=None).count()
    return {
        "items": every,
        "answered": states[ItemState.DECIDED],
        "silent": states[ItemState.SILENT],
        "open": states[ItemState.OPEN],
        "dropped": states[ItemState.DROPPED],
        "decisions": {word: decisions[word] for word in Decision.values if decisions[word]},
        "remediation": {word: remedies[word] for word in RemediationState.values if remedies[word]},
        "not_ready_for_production": unclear,
        "against_recommendation": against,
        "undone": undone,
        "mean_hours_to_remedy": round(sum(hours) / len(hours), 2) if hours else None,
    }
