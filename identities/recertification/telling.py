"""How reviewers hear of a campaign: one notice each that waits until nothing of it waits for them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from identities.people import notices
from identities.people.models import Notice, User
from identities.recertification.models import ItemState, ReviewCampaign, ReviewItem
from identities.recertification.subjects import subject_of

ASKED = "review_asked"
NOBODY = "review_nobody"


def tell_reviewers(campaign: ReviewCampaign, items_by_person: Mapping[UUID, int]) -> None:
    """Tell each of these that so many identities wait for them; who is told already is not told again."""
    people = User.objects.in_bulk(list(items_by_person))
    earlier = _settled(campaign, list(people))
    # By person, as notices are everywhere: whoever else passes items on meanwhile waits, and not in a ring.
    for pk, number in sorted(items_by_person.items()):
        if pk in people:
            _tell(people[pk], campaign, number, before=earlier.get(pk, 0))


def tell_nobody(campaign: ReviewCampaign, number: int, admins: Collection[User]) -> None:
    """Tell those who govern that identities of a campaign have nobody who may answer for them."""
    wait = "1 identity has" if number == 1 else f"{number} identities have"
    notices.tell(
        admins,
        tenant_id=campaign.tenant_id,
        kind=NOBODY,
        key=f"{NOBODY}:{campaign.pk}",
        subject=f"{wait} nobody who may review: {campaign.name}",
        text=f"Name an owner, or another person who governs, and reassign them until {campaign.due_at:%d %b %Y %H:%M}.",
        about=subject_of(campaign),
    )


def settle(campaign_id: UUID, person_ids: Collection[UUID], *, at: datetime) -> None:
    """The notice of each of these is done, unless something of the campaign still waits for them."""
    waits = ReviewItem.objects.filter(campaign=campaign_id, state=ItemState.OPEN, reviewer__in=list(person_ids))
    busy = set(waits.values_list("reviewer_id", flat=True))
    if done := [User(pk=pk) for pk in person_ids if pk not in busy]:
        notices.settle(ASKED, about_id=campaign_id, at=at, people=done)


def settle_all(campaign_id: UUID, *, at: datetime) -> None:
    """Nothing of the campaign waits for anybody any more."""
    notices.settle(ASKED, about_id=campaign_id, at=at)


def _tell(person: User, campaign: ReviewCampaign, number: int, *, before: int) -> None:
    wait = "1 identity waits" if number == 1 else f"{number} identities wait"
    notices.tell(
        [person],
        tenant_id=campaign.tenant_id,
        kind=ASKED,
        # What was settled is not opened again: a later question is told by a notice of its own.
        key=f"{ASKED}:{campaign.pk}:{before}",
        subject=f"{wait} for your review until {campaign.due_at:%d %b %Y}: {campaign.name}",
        text="What nobody answers by then is acted on without an answer.",
        about=subject_of(campaign),
        waits=True,
        due_at=campaign.due_at,
    )


def _settled(campaign: ReviewCampaign, person_ids: Collection[UUID]) -> dict[UUID, int]:
    rows = Notice.objects.filter(kind=ASKED, about_id=str(campaign.pk), person__in=person_ids).exclude(done_at=None)
    found: dict[UUID, int] = {}
    for pk in rows.values_list("person_id", flat=True):
        found[pk] = found.get(pk, 0) + 1
    return found
