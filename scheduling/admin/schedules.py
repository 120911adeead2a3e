"""Schedules: made, changed, paused, resumed, started by hand and deleted through the scheduler's services."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.approval_standing import approval_badges
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, Preview
from identities.admin.filters import WordFilter, by_row
from identities.admin.forms import ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, list_of, page_of
from identities.admin.parts import Badge, Empty, Lines, Moment, Quiet
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from scheduling import calendar as calendars, selectors, tasks
from scheduling.admin import preflight_all
from scheduling.admin.blocked import live
from scheduling.admin.built_in import BUILT_IN_MEANS
from scheduling.admin.preflight_blocks import preflight_of
from scheduling.admin.schedule_forms import ScheduleForm, facts, members
from scheduling.admin.schedule_page import blocks_of, foreseen, notices_of
from scheduling.models import Schedule, Workflow
from scheduling.preflight.selectors import WOULD_FAIL, tried
from scheduling.preflight.services import preflight
from scheduling.services import approving, runs, schedules


class OptionalReasonForm(ReasonForm):
    """A reason that may be left out."""

    reason = forms.CharField(label="Reason", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))


NEXT_RUNS = Preview("Next runs", ("cron_expression", "timezone", "jitter_seconds"), foreseen, under="What and when")


def _create(call: Call) -> Done:
    made = schedules.create_schedule(tenant_id=call.tenant.pk, facts=facts(call.values), actor=call.actor)
    return Done(f"Schedule {made} is going. Its next run is below.", obj=made)


def _change(call: Call) -> Done:
    schedules.change_schedule(call.obj, changes=members(call.values), actor=call.actor)
    return Done("Saved. It counts for occurrences from now on.", obj=call.obj)


def _pause(call: Call) -> Done:
    schedules.pause(call.obj, actor=call.actor, reason=call.values["reason"])
    return Done(f"{call.obj} is paused.", obj=call.obj)


def _resume(call: Call) -> Done:
    schedules.resume(call.obj, actor=call.actor, reason=call.values["reason"])
    return Done(f"{call.obj} goes on. Its misfire policy covers the pause.", obj=call.obj)


def _run_now(call: Call) -> Done:
    run = runs.run_now(call.obj, principal=call.scope.principal, reason=call.values["reason"])
    transaction.on_commit(lambda: tasks.ring_now(run.pk))
    return Done("The run is asked for. Its steps appear here as they are done.", href=page_of(run))


def _preflight(call: Call) -> Done:
    row = preflight(tried({call.obj.tenant_id}).get(pk=call.obj.pk), at=timezone.now(), actor=call.actor)
    if not row.is_clear:
        return Done("Not every run of the next 7 days would go as planned: see below.", obj=call.obj, tone="warning")
    said = f"All {row.occurrences:,} runs" if row.occurrences > 1 else "The run"
    none = "Nothing is due in the next 7 days."
    return Done(f"{said} of the next 7 days would go as planned." if row.occurrences else none, obj=call.obj)


def _ask_again(call: Call) -> Done:
    approving.ask_again(call.obj, actor=call.actor)
    return Done("Those who may say yes are asked.", obj=call.obj)


def _remove(call: Call) -> Done:
    schedules.remove_schedule(call.obj, actor=call.actor, reason=call.values["reason"])
    return Done("The schedule is deleted. Its runs stay.", href=list_of(Schedule))


def _owned(scope: Scope, schedule: Any) -> bool:
    return schedule is not None and selectors.holds(scope.principal, schedule)


class GoingFilter(WordFilter):
    """Going or paused."""

    title = "State"
    parameter_name = "state"
    words = (
        ("on", "On"),
        ("paused", "Paused"),
        ("blocked", "Blocked: cannot act as its identity"),
        ("would-fail", "Would fail in the next 7 days"),
    )

    def where(self, value: str) -> Q:
        if value == "would-fail":
            return WOULD_FAIL
        return Q(blocked_since__isnull=False) if value == "blocked" else Q(is_enabled=value == "on")


@admin.register(Schedule, site=site)
class ScheduleAdmin(CommandAdmin):
    """The schedules of a tenant."""

    list_display = ("named", "going", "when", "runs_as", "next_run", "looked_after")
    list_filter = (GoingFilter, by_row("workflow", "Workflow", Workflow, "workflow_id", says="key", deleted_at=None))
    search_fields = ("name", "workflow__key", "workflow__name")
    search_help_text = "Name or workflow"
    ordering = ("name",)
    empty_list = Empty(
        "No schedules yet",
        "A schedule runs a workflow at its times, as a managed identity. Make the workflow and the identity first.",
        icon="event_repeat",
    )
    creation: ClassVar[Command] = Command(
        key="add", label="New schedule", run=_create, form=ScheduleForm, preview=NEXT_RUNS
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="run-now",
            label="Run now",
            icon="play_arrow",
            primary=True,
            run=_run_now,
            form=OptionalReasonForm,
            duty=Duty.OPERATE_SCHEDULE,
            owned=_owned,
            intro="A run by hand, as the schedule's identity. It uses up no occurrence.",
        ),
        Command(
            key="preflight",
            label="Preflight",
            icon="flight_takeoff",
            run=_preflight,
            duty=Duty.OPERATE_SCHEDULE,
            owned=_owned,
            applies=lambda schedule: schedule.is_enabled,
            intro="Tries every run of the next 7 days without effect: identity, roles at that time, secret in its "
            "vault, guard, hosts, and who answers. No run is made, no token is issued.",
        ),
        Command(
            key="pause",
            label="Pause",
            icon="pause",
            run=_pause,
            form=OptionalReasonForm,
            duty=Duty.OPERATE_SCHEDULE,
            owned=_owned,
            applies=lambda schedule: schedule.is_enabled,
            confirm="No more firings until it is resumed. Runs that have begun go on.",
        ),
        Command(
            key="resume",
            label="Resume",
            icon="resume",
            primary=True,
            run=_resume,
            form=OptionalReasonForm,
            duty=Duty.OPERATE_SCHEDULE,
            owned=_owned,
            applies=lambda schedule: not schedule.is_enabled,
            intro=lambda schedule: (
                f"What was missed is left to the misfire policy: {schedule.get_misfire_policy_display().lower()}."
            ),
        ),
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            preview=NEXT_RUNS,
            form=ScheduleForm,
            initial=ScheduleForm.initial_of,
            title="Edit schedule",
        ),
        Command(
            key="ask-approval",
            label="Ask for approval",
            icon="how_to_reg",
            run=_ask_again,
            applies=lambda schedule: schedule.approval_state == approving.PENDING,
            intro="Asks security and an owner of its identity for their yes to exactly what stands here. Where they "
            "are asked already, nothing changes.",
        ),
        Command(
            key="remove",
            label="Delete",
            icon="delete",
            danger=True,
            run=_remove,
            form=ReasonForm,
            title="Delete schedule",
            confirm="It never fires again. Its runs and its history stay.",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """With the red banner on its own, for pages that ask for it again, and the page that tries all."""
        every = self.admin_site.admin_view(partial(preflight_all.view, self.admin_site))
        return [
            path("blocked/", self.admin_site.admin_view(live), name="scheduling_blocked"),
            path("preflight/", every, name=preflight_all.NAME),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        """With the way to try all of them, for whoever may operate any."""
        notices = preflight_all.invitation(scope_of(request)) if self.has_view_permission(request) else []
        return super().changelist_view(request, {"list_notices": notices, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return self._named(rows.select_related("workflow", "owner", "owner_team", "preflight"))

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return super().rows(queryset, scope).filter(deleted_at=None)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self._named(queryset.select_related("tenant", "workflow", "owner", "owner_team", "preflight"))

    def _named(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name = selectors.identity_column("managed_identity_id", "name")
        counted: QuerySet[Any] = queryset.annotate(
            identity_name=name, identity_state=selectors.identity_column("managed_identity_id", "state")
        )
        return counted

    @column("Schedule", order="name")
    def named(self, schedule: Schedule) -> object:
        built_in = [Badge("built-in", "info", BUILT_IN_MEANS)] if schedule.is_built_in else []
        return Lines([schedule.name, Quiet(schedule.workflow.key), *built_in])

    @column("State", order="is_enabled")
    def going(self, schedule: Schedule) -> object:
        if not schedule.is_enabled:
            return Badge("paused", "warn", schedule.paused_reason)
        if schedule.blocked_since:
            return Badge("blocked", "bad", schedule.blocked_reason)
        if schedule.approval_state == approving.PENDING:
            return Badge("waits for approval", "warn", "What would run is not what others approved.")
        row = preflight_of(schedule)
        if row is not None and not row.is_clear:
            return Badge("would fail", "warn", row.problems[0]["text"] if row.problems else "")
        return Badge("on", "good")

    @column("When")
    def when(self, schedule: Schedule) -> object:
        return Lines([calendars.in_words(schedule.cron_expression), Quiet(schedule.timezone)])

    @column("Runs as", order="identity_name")
    def runs_as(self, schedule: Any) -> object:
        if schedule.identity_name is None:
            return Badge("not found", "bad")
        if schedule.identity_state != "active":
            return Lines([schedule.identity_name, Badge(schedule.identity_state, "warn")])
        return schedule.identity_name

    @column("Next run", order="next_run_at")
    def next_run(self, schedule: Schedule) -> object:
        return Moment(schedule.next_run_at, "paused")

    @column("Owner", order="owner__email")
    def looked_after(self, schedule: Schedule) -> object:
        parts = [str(each) for each in (schedule.owner, schedule.owner_team) if each]
        return Lines(parts) if parts else Quiet("nobody")

    def page(self, request: HttpRequest, obj: Any, scope: Scope) -> Page:
        tabs = [Tab("plan", "Plan and runs", lambda: blocks_of(obj, timezone.now())), *timeline_tab(scope, obj)]
        approved = approval_badges(obj.approval_state) if obj.approval_state == approving.APPROVED else []
        badges = [self.going(obj), Badge(obj.workflow.key, "accent"), *approved]
        lead = f"{calendars.in_words(obj.cron_expression)} ({obj.timezone})"
        return Page(obj.name, tabs, badges, lead, notices=notices_of(obj, scope))  # type: ignore[arg-type]
