"""Plans: the rhythm in which campaigns are launched by themselves."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.campaign_forms import FORESEEN, PlanForm, presets_of_plan
from identities.admin.campaign_rows import RULES, SILENCES, bar, state_badge
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, button
from identities.admin.filters import by_choice
from identities.admin.forms import ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to, list_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Moment, Quiet, Table
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.recertification import plans, scope as scopes, selectors
from identities.recertification.models import CampaignPlan, OnSilence, ReviewerRule

WRITTEN = ("name", "scope", "every_days", "answer_days", "reviewer_rule", "on_silence", "ends_on")
SHOWN = 25


def _create(call: Call) -> Done:
    given = {name: call.values[name] for name in (*WRITTEN, "next_at")}
    return Done("It is planned.", obj=plans.create(tenant=call.tenant, actor=call.actor, **given))


def _change(call: Call) -> Done:
    given = {name: call.values[name] for name in WRITTEN}
    if call.values["next_at"]:
        given["next_at"] = call.values["next_at"]
    return Done("Saved. It counts from the next campaign on.", obj=plans.change(call.obj, actor=call.actor, **given))


def _remove(call: Call) -> Done:
    plans.remove(call.obj, actor=call.actor, reason=call.values["reason"])
    return Done("The plan is removed; its campaigns stay.", href=list_of(CampaignPlan))


def _stop(plan: CampaignPlan, *, reason: str, actor: Any) -> None:
    plans.change(plan, actor=actor, reason=reason, is_enabled=False)


def _go_on(plan: CampaignPlan, *, reason: str, actor: Any) -> None:
    plans.change(plan, actor=actor, reason=reason, is_enabled=True)


@admin.register(CampaignPlan, site=site)
class PlanAdmin(CommandAdmin):
    """The plans of a tenant."""

    called: ClassVar[str] = "Review plans"
    list_display = ("name_shown", "rhythm_shown", "next_shown", "state_shown")
    list_display_links = ("name_shown",)
    list_filter = (by_choice("is_enabled", "State", [("True", "Launches"), ("False", "Stopped")]),)
    search_fields = ("name",)
    ordering = ("name", "pk")
    empty_list = Empty(
        "No plan yet",
        "A plan launches a campaign by itself: the high tier each quarter, temporary ones each week until they end.",
        icon="event_repeat",
    )
    creation: ClassVar[Command] = Command(
        key="add",
        label="Plan campaigns",
        run=_create,
        form=PlanForm,
        icon="event_repeat",
        submit="Plan it",
        notes=presets_of_plan,
        preview=FORESEEN,
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(key="edit", label="Edit", run=_change, form=PlanForm, icon="edit", initial=PlanForm.initial_of,
                preview=FORESEEN),
        button(_stop, key="stop", label="Stop", icon="pause", done="{obj.name} launches nothing any more.",
               applies=lambda plan: plan.is_enabled),
        button(_go_on, key="go-on", label="Go on", icon="play_arrow", done="{obj.name} launches again.", primary=True,
               applies=lambda plan: not plan.is_enabled),
        Command(key="remove", label="Remove", run=_remove, form=ReasonForm, icon="delete", danger=True,
                confirm="Its campaigns stay, those under way as well."),
    )  # fmt: skip

    @column("Plan", order="name")
    def name_shown(self, plan: CampaignPlan) -> object:
        return Lines([plan.name, Quiet(scopes.words(plan.scope))])

    @column("Rhythm", order="every_days")
    def rhythm_shown(self, plan: CampaignPlan) -> object:
        return Lines([f"every {plan.every_days} days", Quiet(f"{plan.answer_days} days to answer")])

    @column("Next", order="next_at")
    def next_shown(self, plan: CampaignPlan) -> object:
        return Moment(plan.next_at) if plan.is_enabled else Quiet("never")

    @column("State", order="is_enabled")
    def state_shown(self, plan: CampaignPlan) -> object:
        return _state(plan)

    def page(self, request: HttpRequest, obj: CampaignPlan, scope: Scope) -> Page:
        tabs = [Tab("plan", "Plan", lambda: self._blocks(obj)), *timeline_tab(scope, obj)]
        return Page(obj.name, tabs, [_state(obj)], lead=scopes.words(obj.scope))

    def _blocks(self, plan: CampaignPlan) -> list[Block]:
        facts = [
            Fact("Asks about", scopes.words(plan.scope), wide=True),
            Fact("Every", f"{plan.every_days} days"),
            Fact("Days to answer", str(plan.answer_days)),
            Fact("Next campaign", Moment(plan.next_at) if plan.is_enabled else "none"),
            Fact("Until", f"{plan.ends_on:%d %b %Y}" if plan.ends_on else "", "No campaign begins after this day."),
            Fact("Asks whom", RULES[ReviewerRule(plan.reviewer_rule)]),
            Fact("If nobody answers", SILENCES[OnSilence(plan.on_silence)]),
            Fact("Made", Moment(plan.created_at), f"by {plan.created_by}" if plan.created_by else ""),
        ]
        found = selectors.campaigns({plan.tenant_id}).filter(plan=plan).order_by("-opened_at")[:SHOWN]
        rows = [[link_to(one), state_badge(one), bar(one), Moment(one.due_at)] for one in found]
        empty = Empty("No campaign of it yet", "The next one will stand here.", icon="campaign")
        headers = ["Campaign", "State", "Answered", "Due"]
        return [Facts("What it launches", facts), Table("Its campaigns", headers, rows, empty)]


def _state(plan: CampaignPlan) -> Badge:
    return Badge("launches", "good") if plan.is_enabled else Badge("stopped", "quiet")
