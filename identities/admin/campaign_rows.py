"""How a campaign is drawn: its state, its bar, who answers how, what was decided and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from identities.admin.pages import list_of
from identities.admin.parts import (
    Badge,
    Block,
    Empty,
    Fact,
    Facts,
    Figure,
    Lines,
    Link,
    Meters,
    Moment,
    Quiet,
    Share,
    Table,
)
from identities.admin.parts.charts import bars
from identities.admin.parts.markup import markup
from identities.admin.review_card import DECISIONS
from identities.admin.wording import BAD, GOOD, INFO, QUIET, WARN, span, words
from identities.recertification import scope as scopes
from identities.recertification.models import (
    CampaignState,
    Decision,
    OnSilence,
    RemediationState,
    ReviewCampaign,
    ReviewerRule,
    ReviewItem,
)
from identities.recertification.pace import Pace

TONES = {
    CampaignState.PREPARING: INFO,
    CampaignState.OPEN: INFO,
    CampaignState.CLOSING: WARN,
    CampaignState.CLOSED: GOOD,
    CampaignState.CANCELLED: QUIET,
}
REMEDIES = {
    RemediationState.NOT_NEEDED: ("nothing to do", QUIET),
    RemediationState.PENDING: ("to be tried again", WARN),
    RemediationState.DONE: ("carried out", GOOD),
    RemediationState.FAILED: ("failed", BAD),
    RemediationState.UNDONE: ("undone", INFO),
}
RULES = {
    ReviewerRule.OWNER: "the owner, then deputy, team, security",
    ReviewerRule.TEAM: "a member of the owning team, then security",
    ReviewerRule.SECURITY: "security",
}
SILENCES = {
    OnSilence.BY_TIER: "high is disabled, medium reduced, low reminded",
    OnSilence.DISABLE: "it is disabled",
    OnSilence.REDUCE: "what nothing used is taken away",
    OnSilence.REMIND: "it counts as not certified, and stays as it is",
}


@dataclass(frozen=True)
class Figures(Block):
    """Numbers side by side."""

    template: ClassVar[str] = "steward/parts/figures.html"
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Pair(Block):
    """Two pieces beside each other where there is room."""

    template: ClassVar[str] = "steward/parts/pair.html"
    left: Block
    right: Block


RUNNING = (CampaignState.PREPARING, CampaignState.OPEN, CampaignState.CLOSING)
SHOWN = 50


def state_badge(campaign: ReviewCampaign) -> Badge:
    """Where it stands, in a word."""
    return Badge(campaign.state, TONES[CampaignState(campaign.state)])


def is_late(campaign: Any, at: datetime) -> bool:
    """Whether its day has passed while something is open."""
    return campaign.state in RUNNING and campaign.due_at <= at and campaign.items_open > 0


def bar(campaign: Any) -> object:
    """How much is answered, as a bar with its numbers beside it."""
    every = campaign.items_all - campaign.items_dropped
    done = every - campaign.items_open
    if campaign.state == CampaignState.PREPARING and not every:
        return Quiet("items are being written")
    form = '<span class="sw-campaign-bar"><progress max="{}" value="{}"></progress><span>{} of {}</span></span>'
    return markup(form, every or 1, done, done, every)


def due(campaign: ReviewCampaign, at: datetime) -> object:
    """Its day; loud when it has passed."""
    if campaign.is_drift:
        return Quiet("stands")
    if campaign.state not in RUNNING:
        return Lines([Quiet(f"was due {campaign.due_at:%d %b %Y}"), Moment(campaign.closed_at)])
    passed = campaign.due_at <= at
    return Lines(
        [Moment(campaign.due_at), Badge("past its day", BAD) if passed else Quiet(f"{campaign.due_at:%d %b %Y}")]
    )


def facts_of(campaign: ReviewCampaign) -> Facts:
    """What it asks about, whom, and what silence means."""
    facts = [
        Fact("Asks about", scopes.words(campaign.scope), wide=True),
        Fact("Asks whom", RULES[ReviewerRule(campaign.reviewer_rule)]),
        Fact("If nobody answers", SILENCES[OnSilence(campaign.on_silence)], "At the deadline, exactly once."),
        Fact("Opened", Moment(campaign.opened_at), f"by {campaign.created_by}" if campaign.created_by else ""),
        Fact("Due", Moment(campaign.due_at, exact=True)),
        Fact("Plan", campaign.plan.name if campaign.plan else ""),
        Fact("Ended", Moment(campaign.closed_at) if campaign.closed_at else "", campaign.closed_reason),
    ]
    return Facts("What it asks", [fact for fact in facts if fact.value])


def figures_of(campaign: Any, at: datetime) -> list[Figure]:
    """The numbers, each leading to its items."""
    own, late = str(campaign.pk), is_late(campaign, at)
    open_tone = BAD if late else QUIET
    span_left = span(campaign.due_at - at)
    hint = f"{span_left} past its day" if late else f"{span_left} left" if campaign.state in RUNNING else ""
    return [
        Figure("Items", campaign.items_all, list_of(ReviewItem, campaign=own), icon="quiz"),
        Figure("Open", campaign.items_open, _state(own, "open"), hint, open_tone, "hourglass_top"),
        Figure("Answered", campaign.items_decided, _state(own, "decided"), "by a person", GOOD, "task_alt"),
        Figure("Silent", campaign.items_silent, _state(own, "silent"), "acted on at the deadline",
               WARN if campaign.items_silent else QUIET, "notifications_off"),
        Figure("Failed", campaign.items_failed, list_of(ReviewItem, campaign=own, remediation="failed"),
               "decided, not carried out", BAD if campaign.items_failed else QUIET, "error"),
    ]  # fmt: skip


def _state(campaign: str, state: str) -> str:
    return list_of(ReviewItem, campaign=campaign, state=state)


def reviewers_table(found: Sequence[Pace]) -> Table:
    """Each reviewer: how much, how fast, how alike; a sign of a rubber stamp in words."""
    rows = [
        [
            pace.reviewer,
            str(pace.answered),
            Badge(str(pace.open), WARN) if pace.open else Quiet("none"),
            f"{pace.median_seconds:.1f} s" if pace.median_seconds is not None else Quiet("–"),
            f"{pace.batch_share:.0%}" if pace.answered else Quiet("–"),
            Lines([Badge("rubber stamp?", WARN), Quiet("; ".join(pace.signals))]) if pace.signals else "",
        ]
        for pace in found[:SHOWN]
    ]
    empty = Empty("Nobody is asked", "Every item of it has nobody who may answer.", icon="group_off")
    text = "Half of the answers were faster than the median. A sign is a reason to look closer, and no proof."
    headers = ["Reviewer", "Answered", "Open", "Median", "In batches", "Sign"]
    return Table("By reviewer", headers, rows, empty, text if rows else "")


def decisions_chart(summary: Mapping[str, Any], campaign: ReviewCampaign) -> Meters:
    """What was decided, and what the items have come to."""
    decided = {
        DECISIONS[Decision(word)][0]: [Share("items", DECISIONS[Decision(word)][1], count)]
        for word, count in summary["decisions"].items()
    }
    empty = Empty("Nothing is decided yet", "Each decision will be counted here.", icon="how_to_vote")
    own = str(campaign.pk)
    more = Link("Items against the recommendation", list_of(ReviewItem, campaign=own, advice="against"))
    return Meters("Decisions", bars(decided), [], empty, more=more if summary["against_recommendation"] else None)


def remedies_chart(summary: Mapping[str, Any]) -> Meters:
    """What came of the decisions."""
    came = {
        REMEDIES[RemediationState(word)][0].capitalize(): [Share("items", REMEDIES[RemediationState(word)][1], count)]
        for word, count in summary["remediation"].items()
    }
    empty = Empty("Nothing is carried out yet", "What comes of each decision will be counted here.", icon="build")
    hours = summary["mean_hours_to_remedy"]
    text = "" if hours is None else f"From the decision to its remedy: {_hours(hours)} on average."
    return Meters("Remediation", bars(came), [], empty, text=text)


def _hours(hours: float) -> str:
    return "under a minute" if hours < 1 / 60 else f"{hours * 60:.0f} min" if hours < 1 else f"{hours:.1f} h"


def remedy_badge(item: ReviewItem) -> object:
    """What came of one decision."""
    if not item.decision:
        return ""
    text, tone = REMEDIES[RemediationState(item.remediation_state)]
    return Badge(text, tone)


def item_state_badge(item: ReviewItem) -> Badge:
    """Where one item stands."""
    tones = {"open": INFO, "decided": GOOD, "silent": WARN, "dropped": QUIET}
    return Badge(words(item.state).lower(), tones.get(item.state, QUIET))


def overdue_table(rows: Sequence[ReviewItem], at: datetime) -> list[Block]:
    """What is open past its day."""
    if not rows:
        return []
    shown = [
        [Link(item.identity.name, list_of(ReviewItem, q=item.identity.name)), Badge(f"{item.risk_tier} tier"),
         item.reviewer_label or Badge("nobody", BAD), f"{span(at - item.campaign.due_at)} past its day"]
        for item in rows[:SHOWN]
    ]  # fmt: skip
    return [Table("Overdue", ["Identity", "Tier", "Reviewer", "Since"], shown, Empty("None"))]
