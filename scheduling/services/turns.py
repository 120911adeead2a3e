"""Whether a run that is due may begin now, or must wait for others of its schedule, tenant or identity."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from identities.people.models import Tenant
from identities.statements.prepared import Prepared
from identities.statements.rows import ask
from scheduling.models import OverlapPolicy, ScheduleRun, Trigger
from scheduling.services import limits

#: Before every occurrence: a run by hand has none.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def may_begin(run: ScheduleRun) -> bool:
    """Asked inside the claim's transaction, which holds the tenant's turn so that two claims cannot both pass.

    A run that has begun once (a retry, a resume, a wait that is over) never waits for overlap, so no two wait for each
    other; a run by hand never does. Concurrency caps hold for all.
    """
    _take_turn(run)
    busy = _busy(run)
    if busy.of_tenant >= limits.runs_per_tenant() or busy.of_identity >= limits.runs_per_identity():
        return False
    if run.started_at is not None or run.trigger == Trigger.MANUAL:
        return True
    if run.schedule.overlap_policy == OverlapPolicy.ALLOW:
        return run.schedule.overlap_limit is None or busy.begun < run.schedule.overlap_limit
    return not (busy.begun or busy.earlier)


def _take_turn(run: ScheduleRun) -> None:
    # SQLite has one writer at a time already; elsewhere claims of one tenant queue up here for some milliseconds.
    if connection.features.has_select_for_update:
        _TENANT.rows(tenant_id=run.tenant_id)


_TENANT = Prepared(
    lambda tenant_id: (
        Tenant.objects.select_for_update(no_key=True, of=("self",)).filter(id=tenant_id).order_by().values_list("id")
    ),
    tenant_id=UUID,
)
#: By the small indexes of runs that are held or open (`run_held`, `run_open`): the states stand in the text, so that
#: the database knows from it alone that they will do.
_BUSY = """
    SELECT
        (SELECT count(*) FROM scheduling_schedulerun
          WHERE tenant_id = %s AND state IN ('claimed', 'running') AND id <> %s),
        (SELECT count(*) FROM scheduling_schedulerun
          WHERE tenant_id = %s AND identity_id = %s AND state IN ('claimed', 'running') AND id <> %s),
        (SELECT count(*) FROM scheduling_schedulerun
          WHERE schedule_id = %s AND state IN ('due', 'claimed', 'running') AND id <> %s
            AND (state <> 'due' OR started_at IS NOT NULL)),
        (SELECT count(*) FROM scheduling_schedulerun
          WHERE schedule_id = %s AND state IN ('due', 'claimed', 'running') AND id <> %s
            AND "trigger" = 'schedule' AND scheduled_for < %s)
"""


@dataclass(frozen=True, slots=True)
class Busy:
    """Other runs: those held of the tenant and of the identity; of the schedule those begun, and those that come
    before this one by the clock."""

    of_tenant: int
    of_identity: int
    begun: int
    earlier: int


def _busy(run: ScheduleRun) -> Busy:
    of_tenant, of_identity = (run.tenant_id, run.id), (run.tenant_id, run.identity_id, run.id)
    of_schedule = (run.schedule_id, run.id)
    (found,) = ask(_BUSY, *of_tenant, *of_identity, *of_schedule, *of_schedule, run.scheduled_for or NEVER)
    return Busy(*found)
