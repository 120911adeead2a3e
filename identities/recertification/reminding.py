"""Before the deadline: who was asked is reminded, and who never looked is passed over for the next in the chain."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from audit import services as audit
from audit.actors import Actor
from identities.access.matrix import Duty, may
from identities.events import ReviewEvent
from identities.inventory.models import ManagedIdentity
from identities.people import notices
from identities.people.models import PortalRole, User
from identities.recertification import asking, reviewers, telling
from identities.recertification.models import CampaignState, ItemState, ReviewCampaign, ReviewItem
from identities.recertification.reviewers import Circle
from identities.recertification.subjects import details_of, subject_of, subject_of_item

REMINDER = "review_reminder"
BEFORE = (timedelta(days=3), timedelta(days=1))
#: Who has not opened an item by then is passed over.
ESCALATE = timedelta(hours=24)
BITE = 200
ABLE = [role for role in PortalRole.values if may(role, Duty.REPORT)]


def remind(at: datetime) -> int:
    """What is due at `at`, once: reminders and passing on; answers how many people were reminded or items passed on.

    One digest a person, a campaign and an instant. Whose account was disabled, or may not answer any more, is passed
    over at once; whoever never opened an item, 24 h before the deadline. Asked twice, the second finds nothing.
    """
    done = 0
    for campaign in ReviewCampaign.objects.filter(state=CampaignState.OPEN, due_at__gt=at).order_by("due_at", "pk"):
        done += _pass_on(campaign, at)
        passed = [instant for instant in instants(campaign.opened_at, campaign.due_at) if instant <= at]
        if passed:
            done += _remind(campaign, len(passed), passed[-1], at)
    return done


def instants(opened_at: datetime, due_at: datetime) -> list[datetime]:
    """When to remind: at half time, three days and one day before; none that the campaign is too short for. Pure."""
    wanted = {opened_at + (due_at - opened_at) / 2, *(due_at - before for before in BEFORE)}
    return sorted(instant for instant in wanted if opened_at < instant < due_at)


def _remind(campaign: ReviewCampaign, step: int, instant: datetime, at: datetime) -> int:
    """Those who were asked before this instant, and not reminded since."""
    rows = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN, reminders__lt=step, opened_at__lt=instant)
    late = dict(rows.exclude(reviewer=None).order_by().values_list("reviewer").annotate(n=Count("pk")))
    people = User.objects.filter(is_active=True, is_agent=False).in_bulk(list(late))
    return sum(_remind_one(campaign, person, step, instant, at) for person in people.values())


@transaction.atomic
def _remind_one(campaign: ReviewCampaign, person: User, step: int, instant: datetime, at: datetime) -> bool:
    mine = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN, reviewer=person)
    late = mine.filter(reminders__lt=step, opened_at__lt=instant).order_by("pk")
    # Held by id first, as by everybody: an update alone takes rows as they lie, and meets who certifies many.
    held = list(late.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    if not (number := len(held)):
        return False
    ReviewItem.objects.filter(pk__in=held).update(reminders=step, reminded_at=at)
    wait = "1 identity still waits" if number == 1 else f"{number} identities still wait"
    notices.tell(
        [person],
        tenant_id=campaign.tenant_id,
        kind=REMINDER,
        key=f"{REMINDER}:{campaign.pk}:{step}",
        subject=f"{wait} for your review until {campaign.due_at:%d %b %Y}: {campaign.name}"[:200],
        text="What nobody answers by then is acted on without an answer.",
        about=subject_of(campaign),
    )
    audit.record(
        ReviewEvent.REMINDED,
        actor=_actor(campaign),
        subject=subject_of(campaign),
        details={"reviewer": person.email, "reviewer_id": str(person.pk), "items": number, "reminder": step},
    )
    return True


def _pass_on(campaign: ReviewCampaign, at: datetime) -> int:
    rows = _to_pass_on(campaign, at)
    found = list(rows.order_by("pk").values_list("pk", "identity__owner_team"))
    if not found:
        return 0
    among = reviewers.circle(campaign, {team for _, team in found})
    ids = [pk for pk, _ in found]
    return sum(_pass_on_some(campaign, ids[i : i + BITE], among, at) for i in range(0, len(ids), BITE))


def _to_pass_on(campaign: ReviewCampaign, at: datetime) -> QuerySet[ReviewItem]:
    able = Q(reviewer__is_active=True, reviewer__is_agent=False, reviewer__role__in=ABLE)
    last = campaign.due_at - ESCALATE
    # Who was asked later than that had no such day: a short campaign stays with whom it asked.
    unseen = Q(seen_at=None, escalated_at=None, opened_at__lt=last) if at >= last else Q(pk__in=())
    return ReviewItem.objects.filter(~able | unseen, campaign=campaign, state=ItemState.OPEN)


@transaction.atomic
def _pass_on_some(campaign: ReviewCampaign, ids: Sequence[UUID], among: Circle, at: datetime) -> int:
    skip = connection.features.has_select_for_update_skip_locked
    # Again, under the lock: another process may have passed them on since, and nobody is left out for that.
    rows = _to_pass_on(campaign, at).filter(pk__in=ids).select_related("reviewer").order_by("pk")
    items = list(rows.select_for_update(no_key=True, skip_locked=skip, of=("self",)).defer("evidence"))
    identities = ManagedIdentity.objects.select_related(*asking.AT_HAND).in_bulk([item.identity_id for item in items])
    given, looked_at, events, left = [], [], [], set()
    for item in items:
        item.campaign, item.identity = campaign, identities[item.identity_id]
        before, former, was = item.reviewer_label, item.reviewer_id, item.escalated_at
        is_given = _give_to_next(item, among, at)
        looked_at += [item] if item.escalated_at != was else []
        if not is_given:
            continue
        left |= {former} - {None}
        given.append(item)
        details = {**details_of(item), "from": before, "to": item.reviewer_label}
        subject, why = subject_of_item(item), item.trail[-1]["why"]
        events.append(
            audit.compose(ReviewEvent.ESCALATED, actor=_actor(campaign), subject=subject, reason=why, details=details)
        )
    ReviewItem.objects.bulk_update(looked_at, ["reviewer", "reviewer_label", "trail", "escalated_at", "seen_at"])
    audit.record_many(events)
    _say(campaign, given, [pk for pk in left if pk is not None], at)
    return len(given)


def _give_to_next(item: ReviewItem, among: Circle, at: datetime) -> bool:
    """To the next in the chain who was not asked before; where nobody is left, it stays where it is."""
    asked_before = {UUID(entry["reviewer"]) for entry in item.trail if entry.get("reviewer")}
    was_able = item.reviewer_id is not None and not _is_gone(item)
    next_one = reviewers.choose(item.identity, item.campaign, among, but=asked_before)
    item.escalated_at = at if was_able or next_one.person is not None else item.escalated_at
    if next_one.person is None:
        return False
    asking.give(item, next_one, at=at)
    item.seen_at = None
    return True


def _is_gone(item: ReviewItem) -> bool:
    return not reviewers.can_answer(item.reviewer, item.campaign.tenant_id)


def _say(campaign: ReviewCampaign, given: Sequence[ReviewItem], left: Sequence[UUID], at: datetime) -> None:
    if not given:
        return
    mine = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN)
    mine = mine.filter(reviewer__in={item.reviewer_id for item in given})
    telling.tell_reviewers(campaign, dict(mine.order_by().values_list("reviewer").annotate(n=Count("pk"))))
    telling.settle(campaign.pk, left, at=at)


def _actor(campaign: ReviewCampaign) -> Actor:
    return Actor.system("reviews", campaign.tenant_id)
