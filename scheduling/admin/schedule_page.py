"""What the page of a schedule shows: the next five runs, the last runs, and how it is set up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from identities.access.models import SecretGrant
from identities.admin.approval_standing import waiting
from identities.admin.pages import address_of, link_to, list_of
from identities.admin.parts import Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Source, Table
from identities.admin.scope import Scope
from identities.admin.secret_rows import places_table
from identities.admin.wording import pretty, since
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from scheduling import calendar as calendars, selectors
from scheduling.admin.blocked import banners
from scheduling.admin.preflight_blocks import fact_of, notices_for
from scheduling.admin.run_rows import run_strip, run_table
from scheduling.models import OverlapPolicy, Schedule, ScheduleRun
from scheduling.services import approving

NEXT, LAST, IN_STRIP = 5, 10, 40
MOST_GRANTS = 10


def notices_of(schedule: Any, scope: Scope) -> list[Block]:
    """What must be known before reading on: it is paused, its identity cannot act, its last run could not (S0-03)."""
    found: list[Block] = [banners(scope, schedule=schedule.pk)]
    if not schedule.is_enabled:
        who = Lines([Quiet("By"), schedule.paused_by, Moment(schedule.paused_at), schedule.paused_reason], row=True)
        found.append(Notice("This schedule is paused.", who, "warn", "pause_circle"))
    if schedule.identity_name is None:
        text = (
            f"There is no managed identity {schedule.managed_identity_id}. Every run fails until it is given another."
        )
        found.append(Notice("Its identity is not found.", text, "bad", "person_off"))
    elif schedule.identity_state != "active" and not schedule.blocked_code:
        # While it is blocked the banner above says why, and has the button.
        text = f"Runs are refused as long as {schedule.identity_name} is {schedule.identity_state}."
        found.append(Notice(f"Its identity is {schedule.identity_state}.", text, "warn", "block"))
    if schedule.approval_state == approving.PENDING:
        found.append(waiting(approving.KIND, schedule.pk, "This schedule waits for approval.", _waits(schedule)))
    return [*found, *notices_for(schedule, scope, timezone.now())]


def _waits(schedule: Schedule) -> str:
    """What becomes of its runs meanwhile."""
    if schedule.approval_by is not None and schedule.approval_by > timezone.now():
        until = f"{schedule.approval_by:%d %B %Y}"
        return f"It was there before its identity was of the high tier: unchanged, it runs on until {until}."
    return "Its identity is of the high tier. Runs are refused until security and an owner say yes."


def blocks_of(schedule: Any, at: datetime) -> list[Block]:
    """The plan, the last runs, the set-up."""
    rows = selectors.runs({schedule.tenant_id}).filter(schedule_id=schedule.pk).order_by("-created_at")
    runs = list(rows[:IN_STRIP])
    more = Link("All of its runs", list_of(ScheduleRun, schedule=str(schedule.pk)))
    table = run_table("Last runs", runs[:LAST], more=more)
    return [run_strip(runs), next_runs(schedule, at), table, _secrets(schedule), *_set_up(schedule)]


def next_runs(schedule: Schedule, at: datetime) -> Table:
    """The next five occurrences, in UTC and on the schedule's own clock."""
    title = "Next {} runs" if schedule.is_enabled else "Would run, were it not paused"
    return plan(schedule.cron_expression, schedule.timezone, at, title=title, jitter=schedule.jitter_seconds)


def foreseen(values: Mapping[str, Any]) -> list[Block]:
    """What a schedule that nobody has saved would do: its rhythm in words, and the next five runs.

    Raises Invalid, naming the member, for an expression or a zone that means nothing.
    """
    cron, zone = values["cron_expression"], values["timezone"]
    try:
        table = plan(cron, zone, timezone.now(), title="Next {} runs", jitter=values.get("jitter_seconds") or 0)
    except calendars.BadTimezone as error:
        raise Invalid({"timezone": [str(error)]}) from error
    except calendars.BadExpression as error:
        raise Invalid({"cron_expression": [str(error)]}) from error
    return [replace(table, text=f"{calendars.in_words(cron)} ({zone}). Nothing is saved yet.")]


def plan(cron: str, zone: str, at: datetime, *, title: str, jitter: int) -> Table:
    """The next occurrences of a rhythm; `title` may name their number."""
    found = calendars.upcoming(calendars.parse(cron, zone), at, NEXT)
    rows = [
        [since(each.utc, at), f"{each.local:%a %d %b %Y, %H:%M} ({each.local:%Z})", f"{each.utc:%Y-%m-%d %H:%M} UTC"]
        for each in found
    ]
    title = title.format(len(rows))
    if jitter:
        title = f"{title}, up to {jitter} s later"
    empty = Empty("It never runs", "Nothing comes within eight years.", icon="event_busy")
    return Table(title, ["In words", f"Local time, {zone}", "UTC"], rows, empty)


def _secrets(schedule: Any) -> Block:
    """What it may read, by its own grants; those of its identity stand on the identity's page."""
    rows = SecretGrant.objects.select_related("identity").filter(schedule_id=schedule.pk)
    rows = rows.order_by(F("ended_at").desc(nulls_first=True), "secret_name", "pk")
    return places_table("Secrets it may read", rows[:MOST_GRANTS], may=False, action=None)


def _set_up(schedule: Any) -> list[Block]:
    reference = schedule.secret_reference
    name = schedule.identity_name or str(schedule.managed_identity_id)
    side_by_side = schedule.overlap_policy == OverlapPolicy.ALLOW and schedule.overlap_limit
    facts = [
        Fact(
            "Runs as",
            Link(name, address_of(ManagedIdentity, schedule.managed_identity_id)) if schedule.identity_name else name,
        ),
        Fact(
            "Its secret", Lines([Code(reference.get("secretName", "")), Quiet(f"in {reference.get('vaultUri', '')}")])
        ),
        Fact("Workflow", link_to(schedule.workflow, schedule.workflow.name), f"version {schedule.workflow.version}"),
        Fact("Cron", Code(schedule.cron_expression), calendars.in_words(schedule.cron_expression)),
        fact_of(schedule),
        Fact("Attempts", schedule.max_attempts, f"{schedule.backoff_seconds} s before the second, doubling"),
        Fact("Missed runs", schedule.get_misfire_policy_display()),
        Fact(
            "While one is going",
            schedule.get_overlap_policy_display(),
            f"at most {side_by_side}" if side_by_side else "",
        ),
        Fact("Owner", link_to(schedule.owner) if schedule.owner else ""),
        Fact("Team", link_to(schedule.owner_team) if schedule.owner_team else ""),
        Fact("Made", Lines([Moment(schedule.created_at), Quiet(f"by {schedule.created_by}")])),
        Fact("Id", Code(str(schedule.pk), copy=True)),
    ]
    return [Facts("Set-up", facts), Source("Input", pretty(schedule.input_data))]
