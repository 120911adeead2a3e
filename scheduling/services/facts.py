"""What a schedule says, checked member by member before it is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from identities.errors import Invalid
from identities.people.models import Team, User
from scheduling import calendar as calendars, templating
from scheduling.models import MisfirePolicy, OverlapPolicy, Schedule, Workflow
from scheduling.services import acting, definitions, input_schemas

MOST_ATTEMPTS = 10
LONGEST_BACKOFF = 24 * 3600
MOST_OVERLAP = 1000
MOST_INPUT_BYTES = 64 * 1024
NAME_TAKEN = "A schedule of this tenant has this name"
NEVER = "has no occurrence within the next eight years"
Errors = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything of a schedule that is written (contract of `/flowstudio/api/schedules`), in snake_case.

    `owner` is the id or e-mail of a user, `owner_team` the id or name of a team; None is nobody.
    """

    workflow_id: str
    name: str
    cron_expression: str
    timezone: str
    managed_identity_id: Any
    secret_reference: Any
    input_data: Any = field(default_factory=dict)
    max_attempts: int = 1
    backoff_seconds: int = 60
    owner: str | None = None
    owner_team: str | None = None
    misfire_policy: str = MisfirePolicy.RUN_ONCE.value
    overlap_policy: str = OverlapPolicy.SKIP.value
    overlap_limit: int | None = None
    jitter_seconds: int = 0

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """The same with some members written anew; an unknown one is Invalid."""
        strangers = changes.keys() - {member.name for member in fields(self)}
        if strangers:
            raise Invalid({name: ["There is no such member."] for name in sorted(strangers)})
        return replace(self, **changes)


def facts_of(schedule: Schedule) -> Facts:
    """The schedule as it stands."""
    return Facts(
        workflow_id=schedule.workflow.key,
        owner=str(schedule.owner_id) if schedule.owner_id else None,
        owner_team=str(schedule.owner_team_id) if schedule.owner_team_id else None,
        **{name: getattr(schedule, name) for name in SAME},
    )


SAME = tuple(member.name for member in fields(Facts) if member.name not in ("workflow_id", "owner", "owner_team"))


def apply(schedule: Schedule, facts: Facts, *, at: datetime) -> calendars.Calendar:
    """Put `facts` on the row, or raise Invalid with every problem under its member; the calendar is answered.

    Asks for workflow, identity, vault and owners in the schedule's own tenant: a foreign id looks like an unknown one.
    """
    errors = _plain_problems(facts)
    if schedule.name != facts.name.strip() and _is_taken(schedule, facts.name.strip()):
        errors["name"] = [NAME_TAKEN]
    workflow = Workflow.objects.filter(tenant_id=schedule.tenant_id, key=facts.workflow_id, deleted_at=None).first()
    if workflow is None:
        errors["workflow_id"] = [f"Workflow {facts.workflow_id[:100]} not found"]
    owner, owner_team = _owner(facts, schedule.tenant_id, errors), _owner_team(facts, schedule.tenant_id, errors)
    identity_id, reference = _bearer(facts, schedule.tenant_id, errors)
    calendar = _calendar(facts, errors)
    if calendar is not None:
        errors |= _moment_problems(schedule, facts, workflow, calendar, at)
    if errors or calendar is None or workflow is None:
        raise Invalid(errors)
    for name in SAME:
        setattr(schedule, name, getattr(facts, name))
    schedule.name, schedule.workflow = facts.name.strip(), workflow
    schedule.cron_expression = " ".join(facts.cron_expression.split())
    schedule.managed_identity_id, schedule.secret_reference = identity_id, reference
    schedule.owner, schedule.owner_team = owner, owner_team
    return calendar


def _plain_problems(facts: Facts) -> Errors:
    found = {
        "name": definitions.name_problems(facts.name),
        "retry_policy.maxAttempts": _range(facts.max_attempts, 1, MOST_ATTEMPTS),
        "retry_policy.backoffSeconds": _range(facts.backoff_seconds, 1, LONGEST_BACKOFF),
        "jitter_seconds": _range(facts.jitter_seconds, 0, calendars.MOST_JITTER_SECONDS),
        "misfire_policy": _one_of(facts.misfire_policy, MisfirePolicy.values),
        "overlap_policy": _one_of(facts.overlap_policy, OverlapPolicy.values),
        "overlap_limit": _limit_problems(facts),
        "input_data": _input_problems(facts.input_data),
    }
    return {member: messages for member, messages in found.items() if messages}


def _limit_problems(facts: Facts) -> list[str]:
    if facts.overlap_limit is None:
        return []
    if facts.overlap_policy != OverlapPolicy.ALLOW:
        return ["goes with overlapPolicy allow only"]
    return _range(facts.overlap_limit, 1, MOST_OVERLAP)


def _input_problems(data: Any) -> list[str]:
    if not isinstance(data, Mapping):
        return ["must be an object"]
    if len(json.dumps(data, ensure_ascii=False).encode()) > MOST_INPUT_BYTES:
        return [f"must be at most {MOST_INPUT_BYTES} bytes"]
    return acting.secret_problems(data) or templating.schedule_problems(data)


def _range(value: Any, low: int, high: int) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        return [f"must be a whole number from {low} to {high}"]
    return []


def _one_of(value: str, known: list[str]) -> list[str]:
    return [] if value in known else [f"must be one of {', '.join(known)}"]


def _is_taken(schedule: Schedule, name: str) -> bool:
    others = Schedule.objects.filter(tenant_id=schedule.tenant_id, name=name, deleted_at=None)
    return others.exclude(pk=schedule.pk).exists()


def _owner(facts: Facts, tenant_id: UUID, errors: Errors) -> User | None:
    if facts.owner is None:
        return None
    people = User.objects.filter(tenant_id=tenant_id)
    known = _uuid(facts.owner)
    found = (people.filter(pk=known) if known else people.filter(email=facts.owner.strip().lower())).first()
    if found is None:
        errors["owner"] = [f"User {facts.owner[:100]} not found"]
    return found


def _owner_team(facts: Facts, tenant_id: UUID, errors: Errors) -> Team | None:
    if facts.owner_team is None:
        return None
    teams = Team.objects.filter(tenant_id=tenant_id)
    known = _uuid(facts.owner_team)
    found = (teams.filter(pk=known) if known else teams.filter(name__iexact=facts.owner_team.strip())).first()
    if found is None:
        errors["owner_team"] = [f"Team {facts.owner_team[:100]} not found"]
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _bearer(facts: Facts, tenant_id: UUID, errors: Errors) -> tuple[Any, Any]:
    try:
        return acting.check(facts.managed_identity_id, facts.secret_reference, tenant_id=tenant_id)
    except Invalid as invalid:
        errors |= invalid.errors
        return None, None


def _calendar(facts: Facts, errors: Errors) -> calendars.Calendar | None:
    try:
        expression = calendars.parse_expression(facts.cron_expression)
    except calendars.BadExpression as error:
        errors["cron_expression"] = [str(error)]
        expression = calendars.parse_expression("* * * * *")
    try:
        calendar = calendars.parse(expression.text, facts.timezone)
    except calendars.BadTimezone as error:
        errors["timezone"] = [str(error)]
        return None
    return None if "cron_expression" in errors else calendar


def _moment_problems(
    schedule: Schedule, facts: Facts, workflow: Workflow | None, calendar: calendars.Calendar, at: datetime
) -> Errors:
    """What shows only when the next occurrence is known: that there is one, and that its input fits the workflow."""
    moment = calendars.next_after(calendar, at)
    if moment is None:
        return {"cron_expression": [NEVER]}
    if workflow is None or _input_problems(facts.input_data):
        return {}
    spoken = templating.ScheduleFacts(id=str(schedule.id), name=facts.name, timezone=calendar.place, at=moment)
    found = input_schemas.input_problems(workflow.input_schema, templating.resolve_schedule(facts.input_data, spoken))
    return {"input_data": found} if found else {}
