"""The items of one campaign that one reviewer is asked: their order, where one stands, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, SmallIntegerField, Value, When

from identities.inventory.vocabulary import RiskTier
from identities.people.models import User
from identities.recertification.models import ItemState, ReviewCampaign, ReviewItem

TIERS = Case(
    *[When(risk_tier=tier, then=Value(place)) for place, tier in enumerate((RiskTier.HIGH, RiskTier.MEDIUM))],
    default=Value(2),
    output_field=SmallIntegerField(),
)


@dataclass(frozen=True)
class Queue:
    """Every item of the reviewer, the high tier first; the order stays while they answer."""

    ids: Sequence[UUID]
    open: frozenset[UUID]

    @property
    def total(self) -> int:
        return len(self.ids)

    @property
    def answered(self) -> int:
        return self.total - len(self.open)

    @property
    def percent(self) -> int:
        return round(100 * self.answered / self.total) if self.total else 100

    def place(self, item_id: UUID) -> int:
        """Which it is, counted from 1."""
        return self.ids.index(item_id) + 1

    def beside(self, item_id: UUID, step: int) -> UUID | None:
        """The item before (-1) or after (1) this one, answered or not."""
        place = self.ids.index(item_id) + step
        return self.ids[place] if 0 <= place < self.total else None

    def next_open(self, after: UUID | None = None) -> UUID | None:
        """The next that waits, from `after` on and then from the start; None when all are answered."""
        start = self.ids.index(after) + 1 if after in self.ids else 0
        ordered = [*self.ids[start:], *self.ids[:start]]
        return next((item_id for item_id in ordered if item_id in self.open), None)


def queue_of(person: User, campaign: ReviewCampaign) -> Queue:
    """What `person` is asked in `campaign`; who governs from outside it is asked nothing and may step in for all.

    One query.
    """
    every = ReviewItem.objects.filter(campaign=campaign).exclude(state=ItemState.DROPPED)
    is_from_outside = person.is_platform_admin and person.tenant_id != campaign.tenant_id
    rows = every.order_by(TIERS, "identity__name", "opened_at", "pk").values_list("pk", "state", "reviewer_id")
    asked = list(rows if is_from_outside else rows.filter(reviewer=person))
    found = [row for row in asked if row[2] == person.pk] or asked
    return Queue([pk for pk, _, _ in found], frozenset(pk for pk, state, _ in found if state == ItemState.OPEN))
