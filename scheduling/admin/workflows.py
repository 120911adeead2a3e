"""Workflows: what can be run, its nodes, its versions and who may run it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.listing import how_many
from identities.admin.pages import Page, Tab, link_to, list_of, page_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Quiet, Source, Table
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import pretty
from scheduling import selectors
from scheduling.admin.built_in import BUILT_IN_MEANS
from scheduling.admin.graph_block import drawn
from scheduling.admin.run_rows import run_table
from scheduling.admin.workflow_forms import WorkflowForm, content
from scheduling.models import Schedule, ScheduleRun, Workflow
from scheduling.services import workflows

SHOWN = 20


def _create(call: Call) -> Done:
    values = dict(call.values)
    made = workflows.create_workflow(
        tenant_id=call.tenant.pk, key=values.pop("key"), content=content(values), actor=call.actor
    )
    return Done(f"Workflow {made} is kept. A schedule can run it now.", obj=made)


def _change(call: Call) -> Done:
    changed = workflows.change_workflow(call.obj, content=content(dict(call.values)), actor=call.actor)
    return Done(f"Saved as version {changed.version}. Runs that were made before keep theirs.", obj=changed)


def _remove(call: Call) -> Done:
    workflows.remove_workflow(call.obj, actor=call.actor, reason=call.values["reason"])
    return Done("The workflow is out of use. Its versions and runs stay.", href=list_of(Workflow))


def _nodes_of(definition: Any) -> str:
    count = len(definition.get("nodes", []))
    return "1 node" if count == 1 else f"{count} nodes"


@admin.register(Workflow, site=site)
class WorkflowAdmin(CommandAdmin):
    """The workflows of a tenant."""

    list_display = ("named", "node_count", "used_by", "ruled", "version", "changed")
    search_fields = ("key", "name")
    search_help_text = "Id or name"
    ordering = ("key",)
    empty_list = Empty(
        "No workflows yet",
        "A workflow is a list of nodes: HTTP calls, checks, waits. A schedule runs it as a managed identity.",
        icon="account_tree",
    )
    creation: ClassVar[Command] = Command(key="add", label="New workflow", run=_create, form=WorkflowForm)
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            form=WorkflowForm,
            initial=WorkflowForm.initial_of,
            title="Edit workflow",
        ),
        Command(
            key="remove",
            label="Delete",
            icon="delete",
            danger=True,
            run=_remove,
            form=ReasonForm,
            title="Delete workflow",
            confirm="Only a workflow that no schedule runs can be deleted.",
        ),
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return super().rows(queryset, scope).filter(deleted_at=None)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("resource_policy")
        counted: QuerySet[Any] = rows.annotate(
            schedule_count=how_many(Schedule.objects.filter(deleted_at=None), "workflow")
        )
        return counted

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "resource_policy")

    @column("Workflow", order="key")
    def named(self, workflow: Workflow) -> object:
        built_in = [Badge("built-in", "info", BUILT_IN_MEANS)] if workflow.is_built_in else []
        return Lines([workflow.key, Quiet(workflow.name), *built_in])

    @column("Nodes")
    def node_count(self, workflow: Workflow) -> object:
        return len(workflow.nodes)

    @column("Schedules", order="schedule_count")
    def used_by(self, workflow: Any) -> object:
        return workflow.schedule_count or Quiet("none")

    @column("Policy")
    def ruled(self, workflow: Workflow) -> object:
        return link_to(workflow.resource_policy) if workflow.resource_policy else Quiet("role alone")

    @column("Changed", order="updated_at")
    def changed(self, workflow: Workflow) -> object:
        return Moment(workflow.updated_at)

    def page(self, request: HttpRequest, obj: Workflow, scope: Scope) -> Page:
        tabs = [
            Tab("nodes", "Nodes", lambda: self._nodes(obj)),
            Tab("use", "Schedules and runs", lambda: self._use(obj)),
            Tab("versions", "Versions", lambda: self._versions(obj)),
            *timeline_tab(scope, obj, subject_id=obj.key),
        ]
        return Page(obj.name, tabs, [Badge(obj.key, "accent"), Badge(f"version {obj.version}")])

    def _nodes(self, workflow: Workflow) -> list[Block]:
        hosts = Lines([Code(host) for host in workflow.allowed_hosts]) if workflow.allowed_hosts else "none"
        facts = [
            Fact("Hosts it may reach", hosts, "The identity's token goes nowhere else."),
            Fact(
                "Resource policy",
                self.ruled(workflow),
                "" if workflow.resource_policy else "Whoever has workflow.execute may run it.",
            ),
            Fact("Changed", Moment(workflow.updated_at)),
        ]
        blocks: list[Block] = [
            drawn("What it does", workflow.nodes),
            Facts("Rules", facts),
            Source("Nodes", pretty(workflow.nodes)),
        ]
        if workflow.input_schema:
            blocks.append(Source("Input schema", pretty(workflow.input_schema)))
        return blocks

    def _use(self, workflow: Workflow) -> list[Block]:
        found = selectors.schedules({workflow.tenant_id}).filter(workflow=workflow)[:SHOWN]
        rows = [
            [
                Link(schedule.name, page_of(schedule)),
                Badge("on", "good") if schedule.is_enabled else Badge("paused", "warn"),
                Moment(schedule.next_run_at, "paused"),
            ]
            for schedule in found
        ]
        empty = Empty("No schedule runs it", "Make one to run it at its times.", icon="event_repeat")
        runs = selectors.runs({workflow.tenant_id}).filter(workflow=workflow).order_by("-created_at")[:SHOWN]
        more = Link("All of its runs", list_of(ScheduleRun, q=workflow.key))
        return [
            Table("Schedules", ["Schedule", "State", "Next run"], rows, empty),
            run_table("Last runs", runs, more=more),
        ]

    def _versions(self, workflow: Workflow) -> list[Block]:
        found = workflow.versions.order_by("-version")[:SHOWN]
        rows = [
            [
                f"Version {each.version}",
                Moment(each.created_at),
                each.created_by,
                _nodes_of(each.definition),
            ]
            for each in found
        ]
        empty = Empty("No versions", icon="history")
        return [
            Table(
                "Versions",
                ["Version", "Made", "By", "Size"],
                rows,
                empty,
                "A run is bound to the version it was made from.",
            )
        ]
