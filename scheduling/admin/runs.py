"""Runs: read only, each step told; an open one can be cancelled."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from audit.models import AuditEvent
from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.filters import DayRange, WordFilter, by_choice, by_row
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, address_of, link_to, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Source
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import icon_of, pretty, tone_of, took, words
from identities.inventory.models import ManagedIdentity
from identities.policies.models import AuthorizationDecision
from scheduling import selectors
from scheduling.admin.run_rows import how_started, moment_of, state_badge, waits_for
from scheduling.admin.run_story import story
from scheduling.admin.schedules import OptionalReasonForm
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger
from scheduling.services import runs, steps

TROUBLE = (RunState.FAILED, RunState.REFUSED, RunState.EXPIRED)


def _cancel(call: Call) -> Done:
    runs.cancel_run(call.obj, actor=call.actor, reason=call.values["reason"])
    return Done("The run is asked to end: before its next step at the latest.", obj=call.obj)


def _owned(scope: Scope, run: Any) -> bool:
    return run is not None and selectors.holds(scope.principal, run.schedule)


class StateFilter(WordFilter):
    """By state; trouble is what needs a look."""

    title = "State"
    parameter_name = "state"
    words = (
        ("trouble", "Refused, failed or expired"),
        ("open", "Still going"),
        *((state.value, state.label) for state in RunState),
    )

    def where(self, value: str) -> Q:
        groups = {"trouble": TROUBLE, "open": tuple(RunState.open())}
        return Q(state__in=groups.get(value, (value,)))


@admin.register(ScheduleRun, site=site)
class RunAdmin(CommandAdmin):
    """The runs of a tenant, also of schedules that are gone."""

    called: ClassVar[str] = "Runs"
    list_display = ("what", "state_shown", "when", "ran_as", "duration", "reason_shown")
    list_filter = (
        StateFilter,
        by_choice("trigger", "Started", Trigger.choices),
        by_row("schedule", "Schedule", Schedule, "schedule_id"),
        ("created_at", DayRange),
    )
    search_fields = ("id", "schedule__name", "workflow_key", "identity_id", "correlation_id", "code")
    searched_identity = "identity_id"
    search_help_text = "Schedule, workflow, code, id"
    ordering = ("-created_at", "-pk")
    empty_list = Empty(
        "No runs yet", "Runs appear here when a schedule fires or somebody starts one by hand.", icon="play_circle"
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="cancel",
            label="Cancel",
            icon="stop_circle",
            danger=True,
            run=_cancel,
            form=OptionalReasonForm,
            duty=Duty.OPERATE_SCHEDULE,
            owned=_owned,
            applies=lambda run: run.is_open and run.cancel_requested_at is None,
            title="Cancel run",
            confirm="What is done stays done. The step that is going ends first.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("schedule")
        counted: QuerySet[Any] = rows.annotate(identity_name=selectors.identity_column("identity_id", "name"))
        return counted

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = queryset.select_related("tenant", "schedule", "workflow")
        counted: QuerySet[Any] = found.annotate(identity_name=selectors.identity_column("identity_id", "name"))
        return counted

    @column("Schedule", order="schedule__name")
    def what(self, run: ScheduleRun) -> object:
        return Lines([run.schedule.name, Quiet(f"{run.workflow_key} v{run.workflow_version}")])

    @column("State", order="state")
    def state_shown(self, run: ScheduleRun) -> object:
        return state_badge(run)

    @column("When", order="created_at")
    def when(self, run: ScheduleRun) -> object:
        return Lines([Moment(moment_of(run)), Quiet(how_started(run))])

    @column("Ran as")
    def ran_as(self, run: Any) -> object:
        return run.identity_name or Badge("not found", "bad")

    @column("Took")
    def duration(self, run: ScheduleRun) -> object:
        return took(run.started_at, run.finished_at) or "–"

    @column("Reason")
    def reason_shown(self, run: ScheduleRun) -> object:
        return run.reason or "–"

    def page(self, request: HttpRequest, obj: Any, scope: Scope) -> Page:
        tabs = [Tab("steps", "Steps", lambda: self._steps(obj)), *timeline_tab(scope, obj)]
        badges = [state_badge(obj), Badge("by hand" if obj.trigger == Trigger.MANUAL else "by the clock")]
        lead = f"{obj.workflow_key} version {obj.workflow_version}, {moment_of(obj):%d %b %Y %H:%M} UTC"
        return Page(obj.schedule.name, tabs, badges, lead, notices=self._notices(obj), follows=obj.is_open)

    def _notices(self, run: ScheduleRun) -> list[Block]:
        if run.cancel_requested_at is not None and run.is_open:
            return [
                Notice(
                    "It is asked to end.", f"By {run.cancel_requested_by}. {run.cancel_reason}", "warn", "stop_circle"
                )
            ]
        if run.state in (RunState.SUCCEEDED, *RunState.open()) and not run.reason:
            return []
        if waits := waits_for(run):
            return [Notice(f"This run {_verb(run)}.", waits, "info", "hourglass_top")]
        more = [
            part
            for part in (run.code and Lines(["Code", Code(run.code)], row=True), run.status and f"Status {run.status}")
            if part
        ]
        text = Lines([run.reason or "–", Quiet(Lines(more, row=True))])
        return [Notice(f"This run {_verb(run)}.", text, tone_of(run.state), icon_of(run.state))]

    def _steps(self, run: Any) -> list[Block]:
        return [
            self._facts(run),
            story(steps.steps_of(run), who=run.identity_name or "", is_open=run.is_open),
            Source("Input, as it was resolved", pretty(run.input_data)),
        ]

    def _facts(self, run: Any) -> Facts:
        name = run.identity_name or str(run.identity_id)
        roles = (run.actor or {}).get("roles") or []
        asked = moment_of(run)
        return Facts(
            "Run",
            [
                Fact(
                    "Ran as",
                    Link(name, address_of(ManagedIdentity, run.identity_id)) if run.identity_name else name,
                    ", ".join(roles),
                ),
                Fact(
                    "Schedule",
                    link_to(run.schedule) if run.schedule.deleted_at is None else run.schedule.name,
                    f"triggered by {run.triggered_by}",
                ),
                Fact(
                    "Started",
                    Moment(run.started_at, "not yet", exact=True),
                    f"{took(asked, run.started_at)} after its time" if run.started_at else "",
                ),
                Fact("Took", took(run.started_at, run.finished_at) or "still going"),
                Fact(
                    "Asked for by",
                    Lines([run.requested_by, Quiet(run.request_reason)]) if run.requested_by else "the clock",
                ),
                Fact("Attempt", f"{run.attempt}", f"resumed {run.resumes} times" if run.resumes else ""),
                Fact(
                    "Correlation id",
                    Link(run.correlation_id, list_of(AuditEvent, q=run.correlation_id)),
                    "Everything this run did, in the audit log.",
                ),
                Fact("Decisions", Link("In the decision log", list_of(AuthorizationDecision, q=run.correlation_id))),
                Fact("Run id", Code(str(run.pk), copy=True)),
            ],
        )


def _verb(run: ScheduleRun) -> str:
    return {"failed": "failed", "expired": "expired"}.get(
        run.state, f"was {words(run.state).lower()}" if not run.is_open else "is waiting"
    )
