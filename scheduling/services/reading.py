"""What a schedule reads from vaults, as whom: its own reference and those of its workflow's nodes (S3-30)."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from audit.actors import Actor
from identities.access import secret_grants
from identities.access.secret_places import Place
from identities.access.secret_readers import Reader, Readers
from identities.access.secret_settling import Reading
from identities.errors import Invalid
from scheduling import calendar as calendars
from scheduling.models import Schedule, Workflow
from scheduling.services import acting, cadence

REMOVED = "The schedule was removed"


class Schedules(Readers):
    """Schedules that are not removed."""

    kind = "schedule"

    def find(self, reader_id: UUID, tenant_ids: Collection[UUID] | None) -> Reader | None:
        rows = Schedule.objects.select_related("workflow").filter(pk=reader_id, deleted_at=None)
        found = (rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)).first()
        return reader_of(found) if found else None


def reader_of(schedule: Schedule) -> Reader:
    """The schedule as grants know it."""
    acts = {schedule.managed_identity_id, *(UUID(key) for key in acting.named_by(schedule.workflow.nodes))}
    return Reader(
        id=schedule.pk,
        label=schedule.name,
        tenant_id=schedule.tenant_id,
        identity_id=schedule.managed_identity_id,
        cadence=_cadence(schedule.cron_expression),
        identity_ids=frozenset(acts),
    )


def readings_of(schedule: Schedule, nodes: Iterable[Mapping[str, Any]] | None = None) -> list[Reading]:
    """As whom it reads what, with the workflow's nodes as they stand or as given."""
    told = [(schedule.managed_identity_id, schedule.secret_reference)]
    told += _named(schedule.workflow.nodes if nodes is None else nodes)
    found: list[Reading] = []
    for identity_id, reference in told:
        with suppress(Invalid):  # what does not resolve anyway is the run's to say
            found.append((UUID(str(identity_id)), Place.of(reference)))
    return found


def settle(schedule: Schedule, *, former: Collection[Reading] = (), actor: Actor, reason: str = "") -> None:
    """Grant what it reads now and end what it read before, with the command that changed it."""
    secret_grants.settle(reader_of(schedule), former=former, wanted=readings_of(schedule), actor=actor, reason=reason)


def settle_workflow(workflow: Workflow, before: list[dict[str, Any]], *, actor: Actor, reason: str = "") -> None:
    """The nodes of a workflow have changed: so has what each of its schedules reads."""
    if _named(before) == _named(workflow.nodes):
        return
    for schedule in Schedule.objects.filter(workflow=workflow, deleted_at=None).order_by("pk"):
        schedule.workflow = workflow
        settle(schedule, former=readings_of(schedule, before), actor=actor, reason=reason)


def end_of(schedule: Schedule, *, actor: Actor) -> None:
    """A schedule is removed: nothing is read for it any more, but by runs that have begun."""
    secret_grants.end_all_of(schedule_id=schedule.pk, actor=actor, reason=REMOVED)


def _named(nodes: Iterable[Mapping[str, Any]]) -> list[tuple[Any, Any]]:
    return [(node["managedIdentityId"], node.get("secretReference")) for node in nodes if node.get("managedIdentityId")]


def _cadence(cron_expression: str) -> timedelta | None:
    try:
        return cadence.longest_gap(cron_expression)
    except calendars.BadExpression:
        return None
