"""What the room keeps: campaigns and their plans, items with their decisions, snapshots that were certified."""

from identities.recertification.models.campaigns import (
    CampaignPlan as CampaignPlan,
    CampaignState as CampaignState,
    OnSilence as OnSilence,
    ReviewCampaign as ReviewCampaign,
    ReviewerRule as ReviewerRule,
)
from identities.recertification.models.items import (
    Decision as Decision,
    ItemState as ItemState,
    RemediationState as RemediationState,
    ReviewDecision as ReviewDecision,
    ReviewItem as ReviewItem,
)
from identities.recertification.models.snapshots import CertifiedSnapshot as CertifiedSnapshot
