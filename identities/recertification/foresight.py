"""What a campaign would ask before it is launched: how many identities, whom, and who has nobody of their own."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from identities.people.models import Tenant
from identities.recertification import scope as scopes
from identities.recertification.asking import AT_HAND
from identities.recertification.models import ReviewCampaign
from identities.recertification.reviewers import Circle, choose, circle

#: Reviewers are worked out for so many; of a larger scope that is a sample.
MOST = 2000
SECURITY, NOBODY = "Governs the tenant", "Nobody"


@dataclass(frozen=True, slots=True)
class Foresight:
    """`by_why` counts how each reviewer was found; `looked_at` is less than `identities` where it is a sample."""

    identities: int
    looked_at: int
    reviewers: int
    by_why: dict[str, int]
    by_tier: dict[str, int]

    @property
    def to_security(self) -> int:
        """How many have neither owner nor team that could be asked."""
        return self.by_why.get(SECURITY, 0)

    @property
    def to_nobody(self) -> int:
        """How many nobody could be asked about."""
        return self.by_why.get(NOBODY, 0)


def foresee(*, tenant: Tenant, scope: object, reviewer_rule: str, created_by_id: str) -> Foresight:
    """Whom a campaign like this would ask now; writes nothing. Raises Invalid as the scope's reading does."""
    campaign = ReviewCampaign(
        tenant=tenant, scope=scopes.read(scope), reviewer_rule=reviewer_rule, created_by_id=created_by_id,
        due_at=timezone.now(),
    )  # fmt: skip
    found = scopes.identities(tenant.pk, campaign.scope)
    number = found.count()
    rows = list(found.select_related(*AT_HAND).order_by("pk")[:MOST])
    among: Circle = circle(campaign, {one.owner_team_id for one in rows})
    whys, tiers, asked = Counter[str](), Counter[str](), set[UUID]()
    for one in rows:
        answer = choose(one, campaign, among)
        whys[answer.why if answer.person else NOBODY] += 1
        tiers[one.risk_tier] += 1
        if answer.person:
            asked.add(answer.person.pk)
    return Foresight(number, len(rows), len(asked), dict(whys), dict(tiers))
