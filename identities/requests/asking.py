"""Asking others about a request: its checks, its tier, who could say yes at all, and the question itself."""

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from identities.approvals import services as approvals
from identities.approvals.entitlement import DECIDES
from identities.errors import Invalid
from identities.inventory.vocabulary import RiskTier
from identities.people import selectors as people
from identities.people.models import User
from identities.requests import checks, selectors, tiers
from identities.requests.models import IdentityRequest
from identities.requests.subject import content_of, subject_of

TWO_OTHERS = (
    "Of high tier two people other than who asks have to say yes, one who governs and one who answers for it. Name a "
    "technical owner or a team of others, or have a second administrator made."
)


def weigh(row: IdentityRequest, actor: Actor) -> None:
    """Put onto the row in hand how the checks came out, and its tier with the reasons. Raises Invalid."""
    row.checks = [check.as_json() for check in checks.passed(row, at=timezone.now())]
    weighed = tiers.weigh(selectors.asked_of(row))
    row.risk_tier = weighed.tier.value
    row.tier_reasons = [{"tier": reason.tier.value, "text": reason.text} for reason in weighed.reasons]
    if weighed.tier == RiskTier.HIGH and not can_be_approved(row, actor):
        member = "identity_id" if row.is_for_existing else "technical_owner"
        raise Invalid({member: [TWO_OTHERS]}, code="nobody_can_approve")


def can_be_approved(row: IdentityRequest, actor: Actor) -> bool:
    """Are there two other people, one who governs and one who answers for it, or governs where no owner is left?"""
    asking = {actor.id, row.requested_by_id}
    governs = {person.pk for person in people.security(row.tenant_id) if str(person.pk) not in asking}
    answers = User.objects.filter(pk__in=selectors.answering_ids(row), role__in=DECIDES)
    owning = {person.pk for person in answers if str(person.pk) not in asking} or governs
    return any(one != other for one in governs for other in owning)


def ask(
    row: IdentityRequest, *, actor: Actor, involved: Collection[str], before: dict[str, Any] | None = None
) -> IdentityRequest:
    """Put the question; of low tier it is answered at once. In the caller's transaction, with the row locked."""
    approval = approvals.ask(
        subject=subject_of(row),
        content=content_of(row),
        risk_tier=row.risk_tier,
        summary=_summary(row),
        actor=actor,
        identity=row.identity if row.is_for_existing else None,
        owners=selectors.answering_ids(row),
        involved=involved,
        ticket=row.ticket,
        change_note=row.change_note,
        rollback_plan=row.rollback_plan,
        previous_content=before,
    )
    IdentityRequest.objects.filter(pk=row.pk).update(approval=approval)
    return IdentityRequest.objects.select_related("identity", "approval", "tenant").get(pk=row.pk)


def _summary(row: IdentityRequest) -> str:
    what = f"the role {row.bundle} for {row.name}" if row.is_for_existing else f"{row.name} from {row.bundle}"
    return f"{row.requested_by} asks for {what} in {row.environment}"
