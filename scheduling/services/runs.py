"""Commands on runs that come from outside: run now, cancel. What the clock and the workers do is the ledger's."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import clock, context, services as audit
from audit.actors import Actor
from identities.access.principal import Principal
from identities.errors import Conflict, Missing, Refused
from identities.policies import decisions, guard
from identities.policies.actor_context import ActorContext
from scheduling import calendar as calendars, templating
from scheduling.events import RunEvent, ScheduleEvent
from scheduling.models import RunState, Schedule, ScheduleRun, Trigger
from scheduling.services import ledger


def run_now(schedule: Schedule, *, principal: Principal, reason: str = "") -> ScheduleRun:
    """Make a run by hand, due at once, also of a paused schedule; it uses up no occurrence.

    First the asker's own `workflow.execute` is asked and the answer recorded: Refused makes no run. That they hold the
    schedule is the face's question. Everything about the identity is the run's: this answers also when it is disabled.
    Templates speak of `requested_at`. The face tells the queue.
    """
    _ask(schedule, principal)
    with transaction.atomic():
        locked = _locked(schedule)
        run = _manual_run(locked, principal.actor, reason, clock.now())
        run.save(force_insert=True)
        audit.record(
            ScheduleEvent.RUN_REQUESTED,
            actor=principal.actor,
            subject=locked.subject,
            reason=reason,
            details={"runId": str(run.id)},
        )
        with context.bound(correlation_id=run.correlation_id, run_id=run.id):
            audit.record(RunEvent.DUE, actor=Actor.system(ledger.SYSTEM, run.tenant_id), subject=run.subject)
    return run


def cancel_run(run: ScheduleRun, *, actor: Actor, reason: str = "") -> ScheduleRun:
    """Ask a run to end: one that nobody works on ends now, another before its next step. Conflict when it has ended."""
    with transaction.atomic():
        now = clock.now()
        asked = ScheduleRun.objects.filter(id=run.id, state__in=RunState.open(), cancel_requested_at=None)
        is_first = asked.update(cancel_requested_at=now, cancel_requested_by=actor.label, cancel_reason=reason)
        found = ScheduleRun.objects.select_related("schedule").get(id=run.id)
        if not found.is_open:
            raise Conflict(f"The run has ended: {found.state}", code="run_ended")
        if is_first:
            audit.record(RunEvent.CANCEL_REQUESTED, actor=actor, subject=found.subject, reason=reason)
        if found.state == RunState.DUE and (end := ledger.untaken_end(found, now)):
            ledger.end_untaken(found, end, at=now)
            found.refresh_from_db()
    return found


def _ask(schedule: Schedule, principal: Principal) -> None:
    """The guard, for the one who asks: the role question only, for the workflow's policy speaks of who runs."""
    asker = asker_of(principal)
    workflow = guard.WorkflowFacts(
        id=schedule.workflow.key, tenant_id=asker.tenant_id, name=schedule.workflow.name, policy=None
    )
    facts = guard.RunFacts(trigger=Trigger.MANUAL.value, at=clock.now(), environment=principal.environment)
    decision = guard.ProcessAccessGuard().check_workflow_execution(asker, workflow, facts)
    decisions.record_decision(decision, actor=asker, resource=schedule.workflow.subject)
    if not decision.is_allowed:
        raise Refused(decision.reason, code="insufficient_scope")


def asker_of(principal: Principal) -> ActorContext:
    """A caller of ours as the guard sees everybody."""
    return ActorContext(
        user_id=principal.actor.client_id or principal.actor.id,
        is_service_account=not principal.actor.is_human,
        tenant_id=str(principal.tenant_id),
        roles=principal.role_names,
        managed_identity_id=str(principal.identity_id) if principal.identity_id else None,
        client_id=principal.actor.client_id,
        token_issuer=principal.token_issuer,
        token_jti=principal.token_jti,
        name=principal.actor.label,
        environment=principal.environment,
        certified_until=principal.certified_until,
    )


def _locked(schedule: Schedule) -> Schedule:
    rows = Schedule.objects.select_for_update(no_key=True, of=("self",)).select_related("workflow")
    found = rows.filter(pk=schedule.pk, deleted_at=None).first()
    if found is None:
        raise Missing("There is no such schedule.")
    return found


def _manual_run(schedule: Schedule, actor: Actor, reason: str, at: datetime) -> ScheduleRun:
    place = calendars.parse(schedule.cron_expression, schedule.timezone).place
    facts = templating.ScheduleFacts(id=str(schedule.id), name=schedule.name, timezone=place, at=at)
    return ScheduleRun(
        tenant_id=schedule.tenant_id,
        schedule=schedule,
        workflow_id=schedule.workflow_id,
        workflow_key=schedule.workflow.key,
        workflow_version=schedule.workflow.version,
        trigger=Trigger.MANUAL,
        requested_at=at,
        requested_by=actor.label,
        requested_by_id=actor.id,
        request_reason=reason,
        available_at=at,
        identity_id=UUID(str(schedule.managed_identity_id)),
        secret_reference=schedule.secret_reference,
        input_data=templating.resolve_schedule(schedule.input_data, facts),
        correlation_id=context.current().correlation_id or context.new_correlation_id(),
    )
