"""What a plan says, as people write it: read, checked, and laid out for the audit."""

from datetime import date, datetime
from typing import Any

from identities.errors import Invalid
from identities.recertification import scope as scopes
from identities.recertification.models import CampaignPlan, OnSilence, ReviewerRule

MOST_DAYS = 1100
LONGEST = 120
TAKEN = "A plan of this tenant has this name."
MEMBERS = (
    "name", "scope", "every_days", "answer_days", "reviewer_rule", "on_silence", "next_at", "ends_on", "is_enabled",
)  # fmt: skip


def apply(plan: CampaignPlan, given: dict[str, Any], at: datetime) -> None:
    """Set these members on the row in hand. Raises Invalid, naming each that does not fit."""
    for name, value in given.items():
        setattr(plan, name, " ".join(str(value).split()) if name == "name" else value)
    if problems := _problems(plan, at):
        raise Invalid(problems)
    if "scope" in given:
        plan.scope = scopes.read(plan.scope)


def _problems(plan: CampaignPlan, at: datetime) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    if not 1 <= len(plan.name) <= LONGEST or not plan.name.isprintable():
        said["name"] = [f"A name is one line of at most {LONGEST} characters."]
    elif CampaignPlan.objects.filter(tenant_id=plan.tenant_id, name=plan.name).exclude(pk=plan.pk).exists():
        said["name"] = [TAKEN]
    if not _is_between(plan.every_days, 1, MOST_DAYS):
        said["every_days"] = [f"1 to {MOST_DAYS} days."]
    elif not _is_between(plan.answer_days, 1, plan.every_days):
        said["answer_days"] = ["At least one day, and no longer than until the next campaign."]
    if plan.reviewer_rule not in ReviewerRule.values:
        said["reviewer_rule"] = [f"One of: {', '.join(ReviewerRule.values)}."]
    if plan.on_silence not in OnSilence.values:
        said["on_silence"] = [f"One of: {', '.join(OnSilence.values)}."]
    if plan.next_at.tzinfo is None:
        said["next_at"] = ["A date and time with its zone."]
    elif plan.ends_on is not None and plan.is_enabled and plan.ends_on < max(at, plan.next_at).date():
        said["ends_on"] = ["It ends before its next campaign."]
    return said


def _is_between(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def of(plan: CampaignPlan) -> dict[str, object]:
    """Its members as the audit compares them."""
    facts = {name: getattr(plan, name) for name in MEMBERS}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}


def said(plan: CampaignPlan) -> dict[str, object]:
    """Its members without those that say nothing, as a new one is recorded."""
    return {name: value for name, value in of(plan).items() if value not in (None, "", {}, False)}
