"""What the keyboard screen shows of one item: its head, its questions, the ways to answer, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from identities.admin.pages import page_of
from identities.admin.parts import Badge
from identities.admin.review_card import (
    DECISIONS,
    asked_parts,
    bindings_of,
    changes_of,
    decision_badge,
    findings_of,
    questions_of,
)
from identities.admin.review_queue import Queue
from identities.admin.scope import Scope
from identities.admin.wording import span, tone_of
from identities.people.models import PortalRole, User
from identities.recertification.models import (
    Decision,
    ItemState,
    RemediationState,
    ReviewCampaign,
    ReviewDecision,
    ReviewItem,
)

#: So many people are offered to hand an item to; every other one can be typed.
OFFERED = 50
KEYS = {Decision.CERTIFY: "c", Decision.REDUCE: "r", Decision.REVOKE: "x", Decision.REASSIGN: "a"}
SUGGESTED = {
    Decision.CERTIFY: ("Needed as it is; I know what it does", "Looked at its last use", "Agreed with its owner"),
    Decision.REDUCE: ("Nothing used it for long", "It does this no more", "Less is enough for its purpose"),
    Decision.REVOKE: ("It is not needed any more", "Its project has ended", "Nobody knows what it is for"),
    Decision.REASSIGN: ("Runs it now", "Knows it better than I do", "I changed teams"),
}


@dataclass(frozen=True)
class Choice:
    """One way to answer: its key, its word, and whether one press is enough."""

    word: str
    label: str
    key: str
    icon: str
    tone: str
    is_advised: bool
    is_at_once: bool
    reason: str
    suggestions: Sequence[str]


def drawn(
    scope: Scope, campaign: ReviewCampaign, queue: Queue, item: ReviewItem | None, *, shown: str
) -> dict[str, Any]:
    """Everything the templates need, whichever item it is; `item` None is the end of the list."""
    last = _last_decided(scope.user, campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "queue": queue,
        "here": reverse("admin:identities_reviewcampaign_review", args=[campaign.pk]),
        "as_list": reverse("admin:identities_reviewcampaign_review_list", args=[campaign.pk]),
        "back": page_of(campaign),
        "time_left": _time_left(campaign),
        "is_late": campaign.due_at <= timezone.now(),
        "last": last,
        "item": item,
        "said": "",
    }
    return context if item is None else context | _of_item(item, queue, shown)


def may_undo(item: ReviewItem) -> bool:
    """Whether something was taken away that may still be given back."""
    is_done = item.remediation_state == RemediationState.DONE
    return is_done and item.undo_until is not None and item.undo_until > timezone.now()


def _of_item(item: ReviewItem, queue: Queue, shown: str) -> dict[str, Any]:
    is_open = item.state == ItemState.OPEN
    advised = DECISIONS.get(Decision(item.recommendation)) if item.recommendation else None
    return {
        "identity": item.identity,
        "identity_page": page_of(item.identity),
        "badges": [
            Badge(f"{item.risk_tier} tier", tone_of(item.risk_tier)),
            Badge(item.identity.environment, tone_of(item.identity.environment)),
            Badge(item.identity.state, tone_of(item.identity.state)),
            *([Badge("not ready for production", "bad", "A question has no answer.")] if item.unclear else []),
        ],
        "place": queue.place(item.pk),
        "before": _at(queue.beside(item.pk, -1)),
        "after": _at(queue.beside(item.pk, 1)),
        "prefetch": _at(queue.next_open(after=item.pk)),
        "is_open": is_open,
        "decided": decision_badge(item.decision) if item.decision else None,
        "may_undo": may_undo(item),
        "questions": questions_of(item),
        "changes": changes_of(item),
        "findings": findings_of(item),
        "asks": asked_parts(item),
        "advised": advised,
        "choices": _choices(item) if is_open else [],
        "bindings": bindings_of(item),
        "colleagues": _colleagues(item) if is_open else [],
        "shown": shown,
    }


def _choices(item: ReviewItem) -> list[Choice]:
    made = []
    for word, key in KEYS.items():
        label, tone, icon = DECISIONS[word]
        if word == Decision.REDUCE and not item.evidence.get("access", {}).get("roles"):
            continue
        is_advised = item.recommendation == word
        reason = item.recommendation_reason if is_advised else SUGGESTED[word][0]
        is_at_once = word == Decision.CERTIFY and is_advised and not item.unclear
        suggestions = [reason, *(said for said in SUGGESTED[word] if said != reason)][:3]
        made.append(Choice(word, label, key, icon, tone, is_advised, is_at_once, reason, suggestions))
    return made


def _colleagues(item: ReviewItem) -> Sequence[User]:
    """To whom it may be handed on: people of the tenant who may answer at all."""
    able = User.objects.filter(tenant_id=item.campaign.tenant_id, is_active=True, is_agent=False)
    able = able.filter(role__in=(PortalRole.ADMIN, PortalRole.ANALYST)).exclude(email=item.reviewer_label)
    return list(able.order_by("email")[:OFFERED])


def _last_decided(person: User, campaign: ReviewCampaign) -> ReviewItem | None:
    """What this person answered last and can still take back."""
    rows = ReviewDecision.objects.filter(
        item__campaign=campaign,
        item__remediation_state=RemediationState.DONE,
        item__undo_until__gt=timezone.now(),
        by=person,
        undone_at=None,
    )
    found = rows.select_related("item__identity").order_by("-at").first()
    return found.item if found is not None else None


def _time_left(campaign: ReviewCampaign) -> str:
    left = campaign.due_at - timezone.now()
    return f"{span(left)} left" if left.total_seconds() > 0 else f"due {span(left)} ago"


def _at(item_id: UUID | None) -> str:
    return f"?item={item_id}" if item_id else ""
