"""Whether a run that is due may begin now, or must wait for others of its schedule, tenant or identity."""

from django.db import connection
from django.db.models import Count, Q

from identities.people.models import Tenant
from scheduling.models import OverlapPolicy, RunState, ScheduleRun, Trigger
from scheduling.services import limits

HELD = Q(state__in=(RunState.CLAIMED, RunState.RUNNING))


def may_begin(run: ScheduleRun) -> bool:
    """Asked inside the claim's transaction, which holds the tenant's turn so that two claims cannot both pass.

    A run that has begun once (a retry, a resume, a wait that is over) never waits for overlap, so no two wait for each
    other; a run by hand never does. Concurrency caps hold for all.
    """
    _take_turn(run)
    busy = _busy(run)
    if busy["of_tenant"] >= limits.runs_per_tenant() or busy["of_identity"] >= limits.runs_per_identity():
        return False
    if run.started_at is not None or run.trigger == Trigger.MANUAL:
        return True
    if run.schedule.overlap_policy == OverlapPolicy.ALLOW:
        return run.schedule.overlap_limit is None or busy["begun"] < run.schedule.overlap_limit
    return not (busy["begun"] or busy["earlier"])


def _take_turn(run: ScheduleRun) -> None:
    # SQLite has one writer at a time already; elsewhere claims of one tenant queue up here for some milliseconds.
    if connection.features.has_select_for_update:
        lock = Tenant.objects.select_for_update(no_key=True, of=("self",)).filter(id=run.tenant_id)
        lock.values_list("id").get()


def _busy(run: ScheduleRun) -> dict[str, int]:
    of_schedule = Q(schedule_id=run.schedule_id)
    begun = of_schedule & (HELD | Q(started_at__isnull=False))
    earlier = of_schedule & Q(trigger=Trigger.SCHEDULE, scheduled_for__lt=run.scheduled_for)
    open_runs = ScheduleRun.objects.filter(tenant_id=run.tenant_id, state__in=RunState.open()).exclude(id=run.id)
    return open_runs.filter(HELD | of_schedule).aggregate(
        of_tenant=Count("id", filter=HELD),
        of_identity=Count("id", filter=HELD & Q(identity_id=run.identity_id)),
        begun=Count("id", filter=begun),
        earlier=Count("id", filter=earlier if run.scheduled_for else Q(pk__in=[])),
    )
