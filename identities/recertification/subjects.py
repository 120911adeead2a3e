"""How a campaign is named in the audit and in notices; an item speaks of its identity."""

from audit.actors import Subject
from identities.inventory.subjects import subject_of as subject_of_identity
from identities.recertification.models import ReviewCampaign, ReviewItem

KIND = "campaign"


def subject_of(campaign: ReviewCampaign) -> Subject:
    """The campaign as the thing an event is about."""
    return Subject(kind=KIND, id=str(campaign.pk), label=campaign.name, tenant_id=campaign.tenant_id)


def subject_of_item(item: ReviewItem) -> Subject:
    """What is said of an item stands on its identity's timeline."""
    return subject_of_identity(item.identity)


def details_of(item: ReviewItem) -> dict[str, object]:
    """What every event of an item says beside its own."""
    return {"campaign_id": str(item.campaign_id), "campaign": item.campaign.name, "item_id": str(item.pk)}
