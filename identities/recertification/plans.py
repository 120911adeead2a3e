"""Plans: the rhythm that launches the next campaign by itself, once for each instant, and ends on its day."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor, Subject
from identities.errors import DomainError, Invalid
from identities.events import CampaignEvent
from identities.people import notices
from identities.people.models import Tenant
from identities.people.selectors import active_admins
from identities.recertification import campaigns, plan_facts
from identities.recertification.models import CampaignPlan, OnSilence, ReviewerRule

log = structlog.get_logger(__name__)

PLANNER = Actor.system("plans")


@transaction.atomic
def create(
    *,
    tenant: Tenant,
    name: str,
    scope: object,
    every_days: int,
    actor: Actor,
    answer_days: int = 14,
    reviewer_rule: str = ReviewerRule.OWNER,
    on_silence: str = OnSilence.BY_TIER,
    next_at: datetime | None = None,
    ends_on: date | None = None,
) -> CampaignPlan:
    """A rhythm: from `next_at` (silent: now) each `every_days` a campaign, the last on `ends_on`. Raises Invalid."""
    at = timezone.now()
    plan = CampaignPlan(tenant=tenant, created_by=actor.label, created_at=at)
    given = {"name": name, "scope": scope, "every_days": every_days, "answer_days": answer_days}
    given |= {"reviewer_rule": reviewer_rule, "on_silence": on_silence, "next_at": next_at or at, "ends_on": ends_on}
    plan_facts.apply(plan, given, at)
    _save(plan, force_insert=True)
    audit.record(
        CampaignEvent.PLANNED, actor=actor, subject=subject_of(plan), changes=changes.made(plan_facts.said(plan))
    )
    return plan


@transaction.atomic
def change(plan: CampaignPlan, *, actor: Actor, reason: str = "", **given: Any) -> CampaignPlan:
    """Change what is named (members as in `create`, and `is_enabled`); it counts from the next campaign on.

    Raises Invalid.
    """
    if unknown := sorted(set(given) - set(plan_facts.MEMBERS)):
        raise Invalid({name: ["There is no such member."] for name in unknown})
    locked = CampaignPlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    before = plan_facts.of(locked)
    plan_facts.apply(locked, given, timezone.now())
    found = changes.between(before, plan_facts.of(locked))
    if found:
        _save(locked, update_fields=list(plan_facts.MEMBERS))
        audit.record(
            CampaignEvent.PLAN_CHANGED, actor=actor, subject=subject_of(locked), reason=reason.strip(), changes=found
        )
    return locked


@transaction.atomic
def remove(plan: CampaignPlan, *, actor: Actor, reason: str = "") -> None:
    """End the rhythm; its campaigns stay, those under way as well."""
    locked = CampaignPlan.objects.select_for_update().get(pk=plan.pk)
    subject = subject_of(locked)
    locked.delete()
    audit.record(CampaignEvent.PLAN_REMOVED, actor=actor, subject=subject, reason=reason.strip())


def launch_due(at: datetime, *, limit: int = 50) -> int:
    """Launch what is due at `at`, each instant once however many ask; answers how many campaigns there are more.

    What was missed while everything was down is launched once, not once for each instant missed. A plan that cannot
    launch (its team is gone) is tried again, tells those who govern, and holds up no other.
    """
    due = CampaignPlan.objects.filter(is_enabled=True, next_at__lte=at).order_by("next_at", "pk")
    launched = 0
    for plan_id in list(due.values_list("pk", flat=True)[:limit]):
        try:
            launched += _launch(plan_id, at)
        except DomainError as error:
            _say(plan_id, error)
    return launched


def next_after(due: datetime, every_days: int, at: datetime) -> datetime:
    """The next instant of the rhythm after `at`, as many whole steps from `due` as it takes. Pure."""
    step = timedelta(days=every_days)
    return due + step * max(1, (at - due) // step + 1)


def subject_of(plan: CampaignPlan) -> Subject:
    """The plan as the thing an event is about."""
    return Subject(kind="campaign_plan", id=str(plan.pk), label=plan.name, tenant_id=plan.tenant_id)


@transaction.atomic
def _launch(plan_id: UUID, at: datetime) -> bool:
    skip = connection.features.has_select_for_update_skip_locked
    rows = CampaignPlan.objects.select_for_update(no_key=True, skip_locked=skip, of=("self",))
    plan = rows.select_related("tenant").filter(pk=plan_id, is_enabled=True, next_at__lte=at).first()
    if plan is None:
        return False
    due, is_over = plan.next_at, plan.ends_on is not None and at.date() > plan.ends_on
    if not is_over:
        campaigns.launch(
            tenant=plan.tenant,
            name=f"{plan.name}, {at:%Y-%m-%d}",
            scope=plan.scope,
            due_at=at + timedelta(days=plan.answer_days),
            actor=Actor.system(PLANNER.id, plan.tenant_id),
            reviewer_rule=plan.reviewer_rule,
            on_silence=plan.on_silence,
            plan=plan,
        )
    plan.next_at = next_after(due, plan.every_days, at)
    _end_if_over(plan)
    plan.save(update_fields=["next_at", "is_enabled"])
    return not is_over


def _end_if_over(plan: CampaignPlan) -> None:
    if plan.ends_on is None or plan.next_at.date() <= plan.ends_on:
        return
    plan.is_enabled = False
    audit.record(
        CampaignEvent.PLAN_CHANGED,
        actor=Actor.system(PLANNER.id, plan.tenant_id),
        subject=subject_of(plan),
        reason=f"It ends on {plan.ends_on:%-d %B %Y}: no campaign comes after that day",
        changes={"is_enabled": {"previous": True, "current": False}},
    )


def _say(plan_id: UUID, error: DomainError) -> None:
    plan = CampaignPlan.objects.get(pk=plan_id)
    new = notices.tell(
        active_admins(plan.tenant_id),
        tenant_id=plan.tenant_id,
        kind="plan_not_launched",
        key=f"plan_not_launched:{plan.pk}:{plan.next_at:%Y-%m-%dT%H:%M}",
        subject=f"The review plan {plan.name} could not launch its campaign",
        text=error.message,
        about=subject_of(plan),
    )
    if new:
        log.warning("plan.not_launched", plan_id=str(plan_id), code=error.code, reason=error.message)


def _save(plan: CampaignPlan, **how: Any) -> None:
    try:
        with transaction.atomic():
            plan.save(**how)
    except IntegrityError as error:
        raise Invalid({"name": [plan_facts.TAKEN]}, code="name_taken") from error
