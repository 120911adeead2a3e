"""Writing the questions: for each identity an item with its reviewer, its evidence and what that speaks for."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from audit import services as audit
from audit.actors import Actor
from audit.models import AuditEvent
from identities.events import ReviewEvent
from identities.inventory.models import ManagedIdentity
from identities.recertification import evidence, reviewers
from identities.recertification.models import ReviewCampaign, ReviewItem
from identities.recertification.recommending import Known, Recommendation, recommend
from identities.recertification.reviewers import Asked
from identities.recertification.subjects import details_of, subject_of_item

#: What is read with an identity that is asked about.
AT_HAND = ("technical_owner", "business_owner", "deputy_owner", "owner_team")


def ask(
    campaign: ReviewCampaign,
    identities: Sequence[ManagedIdentity],
    *,
    actor: Actor,
    at: datetime,
    asks: Sequence[str] = (),
    with_dependencies: bool = True,
    but: Collection[UUID] = (),
) -> list[ReviewItem]:
    """An open item for each of these (read with `AT_HAND`), in the caller's transaction; one record each.

    `asks` names the parts of the portrait that are asked again; none asks everything. An identity that has an open
    item in the campaign breaks the caller's transaction: look before. Tells nobody. Without dependencies the evidence
    is completed when somebody first looks, or answers (`seeing`). `but`: who is passed over.
    """
    among = reviewers.circle(campaign, {one.owner_team_id for one in identities})
    gathered = evidence.gather(identities, at=at, with_dependencies=with_dependencies)
    made = []
    for one in identities:
        item = ReviewItem(campaign=campaign, identity=one, risk_tier=one.risk_tier, asks=list(asks), opened_at=at)
        give(item, reviewers.choose(one, campaign, among, but=but), at=at)
        put_evidence(item, gathered[one.pk], at=at)
        made.append(item)
    ReviewItem.objects.bulk_create(made)
    audit.record_many([_event(item, actor) for item in made])
    return made


def give(item: ReviewItem, asked: Asked, *, at: datetime) -> None:
    """Set on the row in hand whom it asks, and add that to its trail."""
    item.reviewer, item.reviewer_label = asked.person, asked.person.email if asked.person else ""
    entry = {
        "reviewer": str(asked.person.pk) if asked.person else None,
        "label": item.reviewer_label,
        "at": at.isoformat(),
        "why": asked.why,
    }
    item.trail = [*item.trail, entry]


def put_evidence(item: ReviewItem, gathered: evidence.Evidence, *, at: datetime) -> Recommendation:
    """Set on the row in hand the evidence, its hash, and what follows from it."""
    one = item.identity
    found = recommend(gathered, Known(issuance=one.issuance, expires_at=one.expires_at, at=at))
    item.evidence, item.evidence_at, item.evidence_hash = gathered, at, evidence.digest(gathered)
    item.unclear, item.preselected = list(found.unclear), list(found.preselected)
    item.recommendation, item.recommendation_reason = found.decision, found.reason
    return found


EVIDENCE_COLUMNS = (
    "evidence",
    "evidence_at",
    "evidence_hash",
    "unclear",
    "preselected",
    "recommendation",
    "recommendation_reason",
)


def _event(item: ReviewItem, actor: Actor) -> AuditEvent:
    details: dict[str, object] = {
        **details_of(item),
        "reviewer": item.reviewer_label,
        "due_at": item.campaign.due_at.isoformat(),
    }
    if item.asks:
        details["asks"] = list(item.asks)
    return audit.compose(ReviewEvent.ASKED, actor=actor, subject=subject_of_item(item), details=details)
