"""Commands on campaigns: launch one, write its items in bites, cancel it, close it when everything is handled."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import CampaignEvent, ReviewEvent
from identities.people.models import Tenant
from identities.people.selectors import active_admins
from identities.recertification import scope as scopes, selectors, telling
from identities.recertification.asking import AT_HAND, ask
from identities.recertification.models import (
    CampaignPlan,
    CampaignState,
    ItemState,
    OnSilence,
    RemediationState,
    ReviewCampaign,
    ReviewerRule,
    ReviewItem,
)
from identities.recertification.subjects import details_of, subject_of, subject_of_item

#: So many items are written within the call; more are left to the queue, in bites of so many.
AT_ONCE, BITE = 200, 100
CHUNK = 500
LONGEST_NAME = 160


def launch(
    *,
    tenant: Tenant,
    name: str,
    scope: object,
    due_at: datetime,
    actor: Actor,
    reviewer_rule: str = ReviewerRule.OWNER,
    on_silence: str = OnSilence.BY_TIER,
    plan: CampaignPlan | None = None,
) -> ReviewCampaign:
    """Ask about every identity of the tenant in `scope` (not retired), to be answered by `due_at`.

    Up to `AT_ONCE` items are written here; a larger campaign is answered in state PREPARING, and `prepare` goes on.
    One that asks about an identity that another one asks about as well is no mistake. Raises Invalid: no name, a scope
    that does not fit or, unless a plan launches it, selects nothing, a day that is not in the future.
    """
    at = timezone.now()
    read = _checked(name=name, scope=scope, due_at=due_at, rule=reviewer_rule, on_silence=on_silence, at=at)
    number = scopes.identities(tenant.pk, read).count()
    if not number and plan is None:
        raise Invalid({"scope": ["It selects no identity."]})
    return _launch(
        ReviewCampaign(
            tenant=tenant,
            plan=plan,
            name=" ".join(name.split()),
            scope=read,
            reviewer_rule=reviewer_rule,
            on_silence=on_silence,
            opened_at=at,
            due_at=due_at,
            created_by=actor.label,
            created_by_id=actor.id,
        ),
        number,
        actor=actor,
    )


def prepare(campaign: ReviewCampaign, limit: int = BITE, *, actor: Actor) -> bool:
    """Write up to `limit` items that are missing; says whether the campaign is open now.

    Each call is one transaction under the campaign's lock: whoever is killed in the middle leaves whole bites, and the
    next one goes on behind them. No item is written twice.
    """
    with transaction.atomic():
        locked = _lock(campaign)
        return _prepare(locked, limit, actor=actor)


@transaction.atomic
def cancel(campaign: ReviewCampaign, *, reason: str, actor: Actor) -> ReviewCampaign:
    """End it before its time: open items are dropped and have no consequence, what was decided stands.

    Raises Invalid without a reason, Conflict `campaign_over`.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = _lock(campaign)
    _check_running(locked)
    at = timezone.now()
    dropped = drop_open(locked, actor=actor, reason=reason.strip())
    _end(locked, CampaignState.CANCELLED, reason.strip(), at)
    audit.record(
        CampaignEvent.CANCELLED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason.strip(),
        details={"items_dropped": dropped},
    )
    return locked


@transaction.atomic
def postpone(*, to: datetime, reason: str, actor: Actor) -> int:
    """Every campaign that takes answers and is due before `to` is due then; says how many.

    For answers that were lost: silence of those who have answered would act. What is settled already stays so.
    """
    taking = (CampaignState.PREPARING, CampaignState.OPEN)
    rows = ReviewCampaign.objects.select_for_update(no_key=True, of=("self",)).filter(state__in=taking, due_at__lt=to)
    postponed = 0
    for campaign in rows.order_by("pk"):
        previous, campaign.due_at = campaign.due_at, to
        campaign.save(update_fields=["due_at"])
        changed = {"due_at": {"previous": previous.isoformat(), "current": to.isoformat()}}
        subject = subject_of(campaign)
        audit.record(CampaignEvent.CHANGED, actor=actor, subject=subject, reason=reason, changes=changed)
        postponed += 1
    return postponed


@transaction.atomic
def close(campaign: ReviewCampaign, *, actor: Actor, reason: str = "Every item is handled.") -> ReviewCampaign:
    """The end of a campaign in which nothing is open and nothing is left to carry out.

    Raises Conflict: `campaign_over`, `items_open` where something is.
    """
    locked = _lock(campaign)
    _check_running(locked)
    if locked.state == CampaignState.PREPARING or selectors.unfinished(locked):
        raise Conflict("Items of this campaign are still open or to be carried out.", code="items_open")
    _end(locked, CampaignState.CLOSED, reason, timezone.now())
    states = Counter(ReviewItem.objects.filter(campaign=locked).values_list("state", flat=True))
    audit.record(
        CampaignEvent.CLOSED, actor=actor, subject=subject_of(locked), reason=reason, details={"items": dict(states)}
    )
    return locked


def close_finished(at: datetime) -> int:
    """Close campaigns that are due and of which nothing is open or left to carry out. Says how many."""
    asked_there = ReviewItem.objects.filter(campaign=OuterRef("pk"))
    rows = ReviewCampaign.objects.filter(state__in=selectors.ASKING, due_at__lte=at).exclude(
        Exists(asked_there.filter(state=ItemState.OPEN))
        | Exists(asked_there.filter(remediation_state=RemediationState.PENDING))
    )
    closed = 0
    for campaign in rows.order_by("pk")[:CHUNK]:
        try:
            close(campaign, actor=Actor.system("reviews", campaign.tenant_id))
        except Conflict:
            # Somebody was faster, or an item was opened again meanwhile.
            continue
        closed += 1
    return closed


def preparing() -> list[ReviewCampaign]:
    """Campaigns whose items are still being written, the one that is due first in front."""
    return list(ReviewCampaign.objects.filter(state=CampaignState.PREPARING).order_by("due_at", "pk"))


def drop_open(campaign: ReviewCampaign, *, actor: Actor, reason: str, identity_id: UUID | None = None) -> int:
    """Nothing is left to ask: open items (of one identity) end without a consequence; in the caller's transaction."""
    at = timezone.now()
    rows = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN).select_related("identity", "campaign")
    if identity_id is not None:
        rows = rows.filter(identity_id=identity_id)
    locked = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk").defer("evidence"))
    for first in range(0, len(locked), CHUNK):
        some = locked[first : first + CHUNK]
        ReviewItem.objects.filter(pk__in=[item.pk for item in some]).update(state=ItemState.DROPPED)
        audit.record_many(
            [
                audit.compose(
                    ReviewEvent.DROPPED,
                    actor=actor,
                    subject=subject_of_item(item),
                    reason=reason,
                    details=details_of(item),
                )
                for item in some
            ]
        )
    telling.settle(campaign.pk, {item.reviewer_id for item in locked if item.reviewer_id}, at=at)
    return len(locked)


@transaction.atomic
def _launch(campaign: ReviewCampaign, number: int, *, actor: Actor) -> ReviewCampaign:
    campaign.save(force_insert=True)
    details: Mapping[str, Any] = {
        "scope": scopes.words(campaign.scope),
        "identities": number,
        "due_at": campaign.due_at.isoformat(),
        "reviewer_rule": campaign.reviewer_rule,
        "on_silence": campaign.on_silence,
    }
    audit.record(CampaignEvent.LAUNCHED, actor=actor, subject=subject_of(campaign), details=details)
    if number <= AT_ONCE:
        # One item more than counted, so that this bite is also seen to be the last one.
        _prepare(campaign, AT_ONCE + 1, actor=actor, is_small=True)
    return campaign


def _prepare(campaign: ReviewCampaign, limit: int, *, actor: Actor, is_small: bool = False) -> bool:
    if campaign.state != CampaignState.PREPARING:
        return campaign.state == CampaignState.OPEN
    at = timezone.now()
    asked = ReviewItem.objects.filter(campaign=campaign, identity=OuterRef("pk"))
    missing = scopes.identities(campaign.tenant_id, campaign.scope).exclude(Exists(asked))
    rows = list(missing.select_related(*AT_HAND).order_by("pk")[:limit])
    if rows:
        ask(campaign, rows, actor=actor, at=at, with_dependencies=is_small)
    if len(rows) == limit:
        return False
    _open(campaign, actor=actor)
    return True


def _open(campaign: ReviewCampaign, *, actor: Actor) -> None:
    campaign.state = CampaignState.OPEN
    campaign.save(update_fields=["state"])
    waiting = selectors.waiting_by_reviewer(campaign)
    nobody = waiting.pop(None, 0)
    telling.tell_reviewers(campaign, {pk: number for pk, number in waiting.items() if pk is not None})
    if nobody:
        telling.tell_nobody(campaign, nobody, active_admins(campaign.tenant_id))
    details = {"items": sum(waiting.values()) + nobody, "reviewers": len(waiting), "without_reviewer": nobody}
    audit.record(CampaignEvent.OPENED, actor=actor, subject=subject_of(campaign), details=details)


def _end(campaign: ReviewCampaign, state: CampaignState, reason: str, at: datetime) -> None:
    campaign.state, campaign.closed_at, campaign.closed_reason = state, at, reason
    campaign.save(update_fields=["state", "closed_at", "closed_reason"])
    telling.settle_all(campaign.pk, at=at)


def _lock(campaign: ReviewCampaign) -> ReviewCampaign:
    return ReviewCampaign.objects.select_for_update(no_key=True, of=("self",)).get(pk=campaign.pk)


def _check_running(campaign: ReviewCampaign) -> None:
    if campaign.state in (CampaignState.CLOSED, CampaignState.CANCELLED):
        raise Conflict("This campaign is over.", code="campaign_over")


def _checked(*, name: str, scope: object, due_at: datetime, rule: str, on_silence: str, at: datetime) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    if not name.strip() or len(name.strip()) > LONGEST_NAME or not name.strip().isprintable():
        errors["name"] = [f"One line of 1 to {LONGEST_NAME} characters."]
    if due_at <= at:
        errors["due_at"] = ["It lies in the past."]
    if rule not in ReviewerRule.values:
        errors["reviewer_rule"] = [f"One of: {', '.join(ReviewerRule.values)}."]
    if on_silence not in OnSilence.values:
        errors["on_silence"] = [f"One of: {', '.join(OnSilence.values)}."]
    read: dict[str, Any] = {}
    try:
        read = scopes.read(scope)
    except Invalid as wrong:
        errors |= wrong.errors
    if errors:
        raise Invalid(errors)
    return read
