"""How a preflight is shown: each problem with its first run and the button that mends it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from identities.access.matrix import Duty
from identities.access.models import RoleBinding
from identities.admin.pages import address_of, command_of, list_of, new_of, page_of
from identities.admin.parts import Block, Fact, Lines, Link, Moment, Notice, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.inventory.models import ManagedIdentity
from identities.policies.models import ResourcePolicy
from scheduling.models import Preflight, Schedule, Workflow
from scheduling.preflight.problems import Mend, Problem
from scheduling.preflight.services import problems_of

SHOWN = 5
NEAR = timedelta(days=3)
#: The command on the identity, perhaps with a field of its form, and the words on its button.
ON_IDENTITY = {
    Mend.ENABLE_IDENTITY: ("enable", "Enable it"),
    Mend.RESUME_IDENTITY: ("resume", "Resume it"),
    Mend.RELEASE_IDENTITY: ("release", "Release it"),
    Mend.EXTEND_IDENTITY: ("edit#id_expires_at", "Move its end"),
    Mend.NAME_OWNER: ("edit#id_technical_owner", "Name an owner"),
    Mend.ISSUE_SECRET: ("issue-secret", "Issue a new secret"),
}


def preflight_of(schedule: Schedule) -> Preflight | None:
    """The newest trial, which the page has read beside the schedule."""
    return getattr(schedule, "preflight", None)


def notices_for(schedule: Any, scope: Scope, at: datetime) -> list[Block]:
    """A notice for each problem of a schedule that is going; nothing where its runs would go as planned."""
    row = preflight_of(schedule)
    if row is None or row.is_clear or not schedule.is_enabled:
        return []
    problems = problems_of(row)
    notices: list[Block] = [_notice(problem, row, schedule, scope, at) for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        notices.append(
            Notice(f"{len(problems) - SHOWN} more problems were found.", "Mend these first.", "warn", "flag")
        )
    return notices


def _notice(problem: Problem, row: Preflight, schedule: Schedule, scope: Scope, at: datetime) -> Notice:
    title = "A run that is due would fail." if problem.stops_runs else "It would run, but nobody answers for it."
    tried = Lines([Quiet("Tried without effect"), Moment(row.checked_at)], row=True)
    return Notice(
        title, Lines([problem.text, tried]), tone_of(problem, at), "event_busy", mend_link(problem, schedule, scope)
    )


def identity_notice(schedule: Schedule, problem: Problem, scope: Scope, at: datetime) -> Notice:
    """The same on the page of the identity, with the schedule's name."""
    title = f"{schedule.name} would fail." if problem.stops_runs else f"Nobody answers when {schedule.name} fails."
    return Notice(title, problem.text, tone_of(problem, at), "event_busy", mend_link(problem, schedule, scope))


def more_notices(left: Sequence[object]) -> list[Block]:
    """How many more there are, and where."""
    if not left:
        return []
    listed = Link("All of them", list_of(Schedule, state="would-fail"))
    return [Notice(f"{len(left)} more problems of its schedules.", "", "warn", "event_busy", listed)]


def tone_of(problem: Problem, at: datetime) -> str:
    """Red where it is near, yellow where there is time."""
    is_near = problem.at is None or problem.at - at <= NEAR
    return "bad" if problem.stops_runs and is_near else "warn"


def fact_of(schedule: Schedule) -> Fact:
    """When it was last tried, and how that went, in the set-up of its page."""
    row = preflight_of(schedule)
    if row is None:
        return Fact("Preflight", "not tried yet", "each day while a run is due within 7 days")
    if row.is_clear and not row.occurrences:
        return Fact("Preflight", Moment(row.checked_at), "nothing was due in the 7 days after it")
    runs = "1 run" if row.occurrences == 1 else f"{row.occurrences:,} runs"
    said = f"{runs} in 7 days would go as planned" if row.is_clear else f"problems: {len(row.problems)}"
    return Fact("Preflight", Moment(row.checked_at), said)


def mend_link(problem: Problem, schedule: Schedule, scope: Scope) -> Link:
    """The button that mends it, if this person may press it; else the page of the thing concerned."""
    identity = ManagedIdentity(pk=problem.identity_id or schedule.managed_identity_id)
    if problem.mend is Mend.APPROVE_SCHEDULE:
        return Link("Open the schedule", page_of(schedule))
    if not scope.may(Duty.GOVERN, schedule.tenant_id):
        return _page(problem, identity, schedule)
    if problem.mend in ON_IDENTITY:
        command, label = ON_IDENTITY[problem.mend]
        key, _, anchor = command.partition("#")
        if key not in _commands():
            return _page(problem, identity, schedule)
        return Link(label, command_of(identity, key) + (f"#{anchor}" if anchor else ""))
    return _elsewhere(problem, identity, schedule)


def _elsewhere(problem: Problem, identity: ManagedIdentity, schedule: Schedule) -> Link:
    if problem.mend is Mend.BIND_ROLE:
        return Link("Give it a role", new_of(RoleBinding, identity=str(identity.pk)))
    if problem.mend is Mend.FINISH_ROTATION:
        return Link("See its credentials", page_of(identity, tab="credentials"))
    if problem.mend is Mend.GRANT_SECRET:
        return Link("See what it may read", page_of(identity, tab="access"))
    if problem.mend is Mend.EDIT_POLICY and schedule.workflow.resource_policy_id:
        return Link("Look at the policy", address_of(ResourcePolicy, schedule.workflow.resource_policy_id))
    if problem.mend in {Mend.EDIT_WORKFLOW, Mend.EDIT_POLICY}:
        return Link("Edit the workflow", command_of(Workflow(pk=schedule.workflow_id), "edit"))
    anchor = "#id_identity" if problem.mend is Mend.CHOOSE_IDENTITY else ""
    return Link("Edit the schedule", command_of(schedule, "edit") + anchor)


def _page(problem: Problem, identity: ManagedIdentity, schedule: Schedule) -> Link:
    if problem.code == "identity_not_found" or problem.identity_id is None:
        return Link("Open the schedule", page_of(schedule))
    return Link("Open the identity", page_of(identity))


def _commands() -> frozenset[str]:
    admin: Any = site.get_model_admin(ManagedIdentity)
    return frozenset(button.key for button in admin.buttons)


def problem_lines(schedule: Schedule, problems: Sequence[Problem], scope: Scope) -> Lines:
    """For a table: what would fail first, and its button."""
    first = problems[0]
    more = [Quiet(f"and {len(problems) - 1} more")] if len(problems) > 1 else []
    return Lines([first.text, *more, mend_link(first, schedule, scope)])
