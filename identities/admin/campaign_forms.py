"""The forms of campaigns and plans: filters in words, presets by one click, and what they would ask, before they do."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from identities.admin.commands import Preview
from identities.admin.forms import CommandForm, Json, Section, day, moment
from identities.admin.pages import new_of
from identities.admin.parts import Block, Lines, Link, Notice, Quiet
from identities.admin.searching import OfTenant
from identities.inventory.vocabulary import Environment, RiskTier
from identities.names import camel
from identities.people.models import Team, Tenant
from identities.recertification import presets
from identities.recertification.foresight import Foresight, foresee
from identities.recertification.models import CampaignPlan, OnSilence, ReviewCampaign, ReviewerRule

ANSWER_DAYS = 14
FILTERS = ("risk_tier", "environment", "owner_team", "application", "finding", "temporary", "more")
RULES = [
    (ReviewerRule.OWNER, "The owner; then deputy, team, security"),
    (ReviewerRule.TEAM, "A colleague in the owning team; then security"),
    (ReviewerRule.SECURITY, "Security"),
]
SILENCES = [
    (OnSilence.BY_TIER, "By tier: high is disabled, medium reduced, low reminded"),
    (OnSilence.DISABLE, "Disable it"),
    (OnSilence.REDUCE, "Take away what nothing used"),
    (OnSilence.REMIND, "Only mark it as not certified"),
]


def _in_two_weeks() -> Any:
    return (timezone.now() + timedelta(days=ANSWER_DAYS)).replace(second=0, microsecond=0)


class ScopeForm(CommandForm):
    """Whom it asks about: every filter narrows, an empty one takes all."""

    risk_tier = forms.ChoiceField(label="Risk tier", choices=[("", "Every tier"), *RiskTier.choices], required=False)
    environment = forms.ChoiceField(choices=[("", "Every environment"), *Environment.choices], required=False)
    owner_team = OfTenant(Team, label="Owning team", required=False)
    application = forms.CharField(max_length=120, required=False)
    finding = forms.CharField(
        label="With the open finding", max_length=48, required=False, help_text="A rule's code, as on its findings."
    )
    temporary = forms.BooleanField(label="Only temporary ones", required=False, help_text="Those whose purpose ends.")
    more = Json(
        label="More filters",
        rows=2,
        required=False,
        help_text='As in the API, such as {"useState": "dormant"}. Most campaigns need none.',
    )
    reviewer_rule = forms.ChoiceField(
        label="Who is asked", choices=RULES, help_text="Never a machine, and nobody for what they may not judge."
    )
    on_silence = forms.ChoiceField(
        label="If nobody answers",
        choices=SILENCES,
        help_text="At the deadline, after reminders. It can be undone for 72 hours.",
    )
    renamed = {f"scope.{camel(name)}": name for name in FILTERS} | {"scope": "more"}

    def clean(self) -> dict[str, Any]:
        """The filters as one scope beside what was typed."""
        values: dict[str, Any] = super().clean() or {}
        scope = values.get("more") or {}
        if not isinstance(scope, dict):
            self.add_error("more", "An object of filters.")
            scope = {}
        for name in FILTERS[:-1]:
            if value := values.get(name):
                scope = {**scope, camel(name): str(value.pk) if isinstance(value, Team) else value}
        return {**values, "scope": scope, "tenant_id": self.tenant_id}


class CampaignForm(ScopeForm):
    """What it is called, whom it asks about, whom it asks, and by when."""

    name = forms.CharField(max_length=160, help_text="Reviewers read it, such as: High tier, fourth quarter.")
    due_at = moment(label="To be answered by", initial=_in_two_weeks)
    sections: ClassVar[Sequence[Section]] = (
        Section("What it asks about", FILTERS),
        Section("Whom, and until when", ("name", "reviewer_rule", "due_at", "on_silence")),
    )


class PlanForm(ScopeForm):
    """The same, again and again."""

    name = forms.CharField(max_length=120, help_text="Each campaign is called so, with its day.")
    every_days = forms.IntegerField(label="Every … days", min_value=1, max_value=1100, initial=90)
    answer_days = forms.IntegerField(
        label="Days to answer", min_value=1, max_value=365, initial=ANSWER_DAYS, help_text="No longer than the rhythm."
    )
    next_at = moment(label="The next one", required=False, help_text="Empty: within a minute.")
    ends_on = day(label="Until", required=False, help_text="For projects that end: no campaign begins after this day.")
    sections: ClassVar[Sequence[Section]] = (
        Section("What it asks about", FILTERS),
        Section("How often", ("name", "every_days", "answer_days", "next_at", "ends_on")),
        Section("Whom", ("reviewer_rule", "on_silence")),
    )

    @classmethod
    def initial_of(cls, obj: Any) -> dict[str, Any]:
        """The kept scope back into its fields; what has none stands under "more"."""
        kept = dict(obj.scope)
        found = {**super().initial_of(obj), "more": None}
        for name in FILTERS[:-1]:
            value = kept.get(camel(name))
            if isinstance(value, str | bool):
                found[name] = kept.pop(camel(name))
        return {**found, "more": kept or None}


def presets_of_campaign(obj: Any) -> list[Block]:
    """One click fills the form in."""
    due = (timezone.now() + timedelta(days=ANSWER_DAYS)).strftime("%Y-%m-%dT%H:%M")
    links = [
        Link(one.label.split(",")[0], new_of(ReviewCampaign, name=one.name, due_at=due, **_filters(one.scope)))
        for one in presets.PRESETS.values()
    ]
    return [_buttons(links, "An example to begin with. What comes again and again is better planned.")]


def presets_of_plan(obj: Any) -> list[Block]:
    """The rhythms by tier."""
    links = [
        Link(
            one.label,
            new_of(
                CampaignPlan,
                name=one.name,
                every_days=str(one.every_days),
                answer_days=str(one.answer_days),
                **_filters(one.scope),
            ),
        )
        for one in presets.PRESETS.values()
    ]
    return [_buttons(links, "By tier, as it is usual. Temporary ones are asked about until their project ends.")]


def _filters(scope: Mapping[str, Any]) -> dict[str, str]:
    known = {camel(name): name for name in FILTERS}
    return {known[name]: "on" if value is True else str(value) for name, value in scope.items() if name in known}


def _buttons(links: Sequence[Link], text: str) -> Notice:
    return Notice(text, Lines(links, row=True), "plain", "bolt")


def _foreseen(values: Mapping[str, Any]) -> Sequence[Block]:
    tenant = Tenant.objects.get(pk=values["tenant_id"])
    found = foresee(tenant=tenant, scope=values["scope"], reviewer_rule=values["reviewer_rule"], created_by_id="")
    return [_said(found)]


def _said(found: Foresight) -> Notice:
    if not found.identities:
        return Notice("This asks about nothing", "No identity fits every filter.", "warn", "filter_alt_off")
    asked = f"{_many(found.identities, 'identity', 'identities')} and asks {_many(found.reviewers, 'reviewer')}"
    tiers = ", ".join(f"{found.by_tier[tier]} {tier}" for tier in RiskTier.values if tier in found.by_tier)
    lines: list[object] = [Quiet(f"By tier: {tiers}.")]
    if found.to_security:
        lines.append(
            f"{found.to_security} {'has' if found.to_security == 1 else 'have'} nobody of their own → security."
        )
    if found.to_nobody:
        lines.append(f"{found.to_nobody} nobody can be asked about: name an owner, or reassign them later.")
    if found.looked_at < found.identities:
        lines.append(Quiet(f"Reviewers are counted for the first {found.looked_at:,}."))
    tone = "warn" if found.to_nobody else "info"
    return Notice(f"This asks about {asked}", Lines(lines), tone, "groups")


def _many(number: int, word: str, plural: str = "") -> str:
    return f"{number:,} {word if number == 1 else plural or f'{word}s'}"


FORESEEN = Preview("What would it ask?", [*FILTERS, "reviewer_rule"], _foreseen, under="What it asks about")
