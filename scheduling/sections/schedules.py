"""`schedules`: what runs when, and as whom."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from audit.actors import Actor
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.names import snake
from identities.people.models import Tenant
from identities.provisioning.planning import Change, Values, Weight
from identities.provisioning.schemas import REFERENCE
from identities.provisioning.sections.base import Section
from scheduling.models import MisfirePolicy, OverlapPolicy, Schedule
from scheduling.services import schedules
from scheduling.services.facts import Facts

TEXT = {"type": "string", "minLength": 1}
RUNS = {"cron_expression", "timezone", "workflow", "identity", "secret_reference", "enabled", "input_data"}
AS_CODE = "Applied as code."


class Schedules(Section):
    """A schedule is known by its name. `identity` is the name of one that is not retired, or an id nobody knows."""

    kind = "schedules"
    position = 50
    absent: ClassVar[Values] = {
        "input_data": {},
        "max_attempts": 1,
        "backoff_seconds": 60,
        "owner": "",
        "owner_team": "",
        "misfire_policy": MisfirePolicy.RUN_ONCE.value,
        "overlap_policy": OverlapPolicy.SKIP.value,
        "overlap_limit": None,
        "jitter_seconds": 0,
        "enabled": True,
    }
    schema: ClassVar[Values] = {
        "type": "object",
        "required": ["name", "workflow", "cronExpression", "timezone", "identity", "secretReference"],
        "additionalProperties": False,
        "properties": {
            "name": TEXT | {"maxLength": 200},
            "workflow": TEXT | {"maxLength": 100, "description": "The id of a workflow, such as wf-monthly-payroll."},
            "cronExpression": TEXT | {"maxLength": 256},
            "timezone": TEXT | {"maxLength": 64},
            "identity": TEXT | {"maxLength": 120},
            "secretReference": dict(REFERENCE),
            "inputData": {"type": "object"},
            "maxAttempts": {"type": "integer", "minimum": 1, "maximum": 10},
            "backoffSeconds": {"type": "integer", "minimum": 1},
            "owner": {"type": "string", "description": "E-mail of a person of the tenant."},
            "ownerTeam": {"type": "string"},
            "misfirePolicy": {"enum": list(MisfirePolicy.values)},
            "overlapPolicy": {"enum": list(OverlapPolicy.values)},
            "overlapLimit": {"type": ["integer", "null"], "minimum": 1},
            "jitterSeconds": {"type": "integer", "minimum": 0, "maximum": 300},
            "enabled": {"type": "boolean", "description": "False: paused."},
        },
    }

    def key(self, values: Values) -> str:
        return str(values["name"])

    def read(self, entry: Values) -> Values:
        found = {snake(name): value.strip() if isinstance(value, str) else value for name, value in entry.items()}
        found["cron_expression"] = " ".join(found["cron_expression"].split())
        return found

    def current(self, tenant: Tenant) -> Sequence[Values]:
        rows = Schedule.objects.filter(tenant=tenant, deleted_at=None)
        rows = rows.select_related("workflow", "owner", "owner_team").order_by("name")
        names = dict(
            ManagedIdentity.objects.filter(tenant=tenant).exclude(state=State.RETIRED).values_list("id", "name")
        )
        return [self._row(row, names) for row in rows]

    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        if before is None:
            return Weight(touches=("runs by itself from now on",))
        touched = [change.member.replace("_", " ") for change in changes if change.member in RUNS]
        return Weight(touches=tuple(f"changes {name}" for name in touched))

    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        given = {**self.absent, **values}
        made = schedules.create_schedule(tenant_id=tenant.pk, facts=Facts(**_members(tenant, given)), actor=actor)
        if not given["enabled"]:
            schedules.pause(made, actor=actor, reason=reason)

    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        row = Schedule.objects.get(tenant=tenant, name__iexact=values["name"], deleted_at=None)
        named: dict[str, Any] = {change.member: change.after for change in changes}
        is_enabled = named.pop("enabled", None)
        if named:
            row = schedules.change_schedule(row, changes=_members(tenant, named), actor=actor, reason=reason)
        if is_enabled is not None:
            (schedules.resume if is_enabled else schedules.pause)(row, actor=actor, reason=reason)

    def _row(self, row: Schedule, names: dict[UUID, str]) -> Values:
        said = {
            "name": row.name,
            "workflow": row.workflow.key,
            "cron_expression": row.cron_expression,
            "timezone": row.timezone,
            "identity": names.get(row.managed_identity_id, str(row.managed_identity_id)),
            "secret_reference": row.secret_reference,
            "input_data": row.input_data,
            "max_attempts": row.max_attempts,
            "backoff_seconds": row.backoff_seconds,
            "owner": row.owner.email if row.owner else "",
            "owner_team": row.owner_team.name if row.owner_team else "",
            "misfire_policy": row.misfire_policy,
            "overlap_policy": row.overlap_policy,
            "overlap_limit": row.overlap_limit,
            "jitter_seconds": row.jitter_seconds,
            "enabled": row.is_enabled,
        }
        return {name: value for name, value in said.items() if name not in self.absent or value != self.absent[name]}


def _members(tenant: Tenant, values: Values) -> dict[str, Any]:
    """The values as the service takes them."""
    members = {name: value for name, value in values.items() if name not in {"workflow", "identity", "enabled"}}
    members |= {name: members[name] or None for name in ("owner", "owner_team") if name in members}
    if "workflow" in values:
        members["workflow_id"] = values["workflow"]
    if "identity" in values:
        members["managed_identity_id"] = _identity_id(tenant, values["identity"])
    return members


def _identity_id(tenant: Tenant, name: str) -> str:
    found = ManagedIdentity.objects.filter(tenant=tenant, name__iexact=name).exclude(state=State.RETIRED).first()
    if found is not None:
        return str(found.pk)
    try:
        return str(UUID(name))
    except ValueError:
        raise Invalid({"identity": [f"There is no identity '{name}'."]}) from None
