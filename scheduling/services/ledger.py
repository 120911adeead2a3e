"""The run's half of the ledger: who works on it, and every move of its state.

A state moves only by compare-and-set, `due → claimed → running →` an end or back to `due`, and each move is one audit
record in the same transaction. A worker holds a `Lease`; its epoch grows with every claim, so a worker that was
thought dead and wakes up can move nothing any more: it gets `LeaseLost`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import context, services as audit
from audit.actors import Actor
from audit.events import Outcome
from audit.models import AuditEvent
from identities.statements.prepared import Prepared
from identities.statements.rows import PreparedRows, insert_rows, update_where
from scheduling.events import RunEvent
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.services import blocking, limits, start_lag, step_rows, turns
from scheduling.services.step_rows import NOTHING, Work

SYSTEM = "scheduler"
HELD = (RunState.CLAIMED, RunState.RUNNING)
EVENTS = {
    RunState.SUCCEEDED: (RunEvent.SUCCEEDED, Outcome.SUCCESS),
    RunState.FAILED: (RunEvent.FAILED, Outcome.FAILURE),
    RunState.REFUSED: (RunEvent.REFUSED, Outcome.DENIED),
    RunState.CANCELLED: (RunEvent.CANCELLED, Outcome.SUCCESS),
    RunState.EXPIRED: (RunEvent.EXPIRED, Outcome.FAILURE),
}


class LeaseLost(Exception):
    """Somebody else holds the run, or it has ended: whatever this worker still knows about it is void."""


class CancelRequested(Exception):
    """Somebody asked for the end of this run; the text is the reason given."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to move one run, until another claim raises the epoch."""

    run: ScheduleRun
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ends. `code` is stable (contract of the API), `reason` is for people, `status` as HTTP has it.

    `cause` is set when it ended for a reason of identity, secret or token (S0-03): the audit then also holds
    `run.credential_failed`.
    """

    state: RunState
    code: str = ""
    reason: str = ""
    status: int | None = None
    cause: str = ""
    owner: str = ""


_DUE = PreparedRows(
    ScheduleRun,
    lambda run_id: ScheduleRun.objects.filter(id=run_id, state=RunState.DUE).order_by(),
    along=("schedule",),
    run_id=UUID,
)
_LOCKED = Prepared(
    lambda run_id: (
        ScheduleRun.objects.select_for_update(no_key=True)
        .filter(id=run_id)
        .order_by()
        .values_list("state", "lease_epoch", "cancel_requested_at", "cancel_reason")
    ),
    run_id=UUID,
)


def claim_run(run_id: UUID, *, worker: str, at: datetime) -> Lease | None:
    """Take a run that is due, or None: not due, taken already, cancelled or expired meanwhile, or not its turn.

    Of any number of callers exactly one gets the lease.
    """
    with transaction.atomic():
        run = _DUE.first(run_id=run_id)
        if run is None or run.available_at > at:
            return None
        if end := untaken_end(run, at):
            end_untaken(run, end, at=at)
            return None
        if not turns.may_begin(run):
            _move_due(run, available_at=at + limits.TURN, rung_at=None)
            return None
        taken = _move_due(
            run,
            state=RunState.CLAIMED,
            claimed_by=worker[:128],
            lease_epoch=run.lease_epoch + 1,
            lease_expires_at=at + limits.lease(),
        )
        if not taken:
            return None
        insert_rows(_event(RunEvent.CLAIMED, run, details={"worker": worker, "attempt": run.attempt}))
    run.state, run.lease_epoch = RunState.CLAIMED, run.lease_epoch + 1
    return Lease(run=run, epoch=run.lease_epoch)


def start_run(lease: Lease, *, at: datetime) -> None:
    """claimed → running. `started_at` is that of the first start: it survives retries and lost workers."""
    with transaction.atomic():
        if lease.run.state != RunState.CLAIMED:
            raise LeaseLost
        insert_rows(*run_on(lease, NOTHING, at=at))
    lease.run.state = RunState.RUNNING


def run_on(lease: Lease, work: Work, *, at: datetime) -> list[AuditEvent]:
    """The run's own row as its next step begins, and the record of its start when this is the first; LeaseLost.

    To be called in the transaction that inserts the record; after it the caller's lease runs.
    """
    if lease.run.state != RunState.CLAIMED:
        if work.of_run and not _move_held(lease, **work.of_run):
            raise LeaseLost
        return []
    begun = Work(began_at=work.began_at or at, finishes=work.finishes)
    values = {"state": RunState.RUNNING, **_done(lease, begun)}
    if not update_where(ScheduleRun, values, **_key(lease, RunState.CLAIMED)):
        raise LeaseLost
    return [_started(lease)]


def renew(lease: Lease, *, at: datetime) -> bool:
    """The heartbeat: push the end of the lease on; False when it is lost. No record: nothing has moved."""
    return _move_held(lease, lease_expires_at=at + limits.lease())


def finish_run(lease: Lease, end: End, *, actor: Actor, at: datetime, work: Work = NOTHING) -> None:
    """claimed or running → an end, with its record and what led there; with a `cause` also `run.credential_failed`."""
    with transaction.atomic():
        # The schedule before its run, as the clock has it when a later occurrence cancels this one.
        blocking.note_end(
            lease.run, succeeded=end.state == RunState.SUCCEEDED, cause=end.cause, reason=end.reason, at=at
        )
        started = _move_on(lease, work, **_ending(end, at))
        if end.state != RunState.SUCCEEDED:
            _end_waiting_steps(lease.run, at)
        insert_rows(*started, *step_rows.new_rows(lease.run, work), *_end_events(lease.run, end, actor))
    lease.run.state = end.state


def retry_run(
    lease: Lease, *, available_at: datetime, reason: str, code: str, actor: Actor, work: Work = NOTHING
) -> None:
    """claimed or running → due for the next attempt: uses one up."""
    values = {"available_at": available_at, "reason": reason, "code": code, "attempt": lease.run.attempt + 1}
    _put_back(lease, RunEvent.RETRIED, values, actor=actor, work=work)


def defer_run(lease: Lease, *, available_at: datetime, reason: str, actor: Actor, work: Work = NOTHING) -> None:
    """claimed or running → due without using an attempt up: a node said "later", or Passport does not answer."""
    values = {"available_at": available_at, "reason": reason, "code": ""}
    _put_back(lease, RunEvent.DEFERRED, values, actor=actor, work=work)


def untaken_end(run: ScheduleRun, at: datetime) -> End | None:
    """How a run that nobody holds must end now, or None: cancelled on request, or past its deadline."""
    if run.cancel_requested_at is not None:
        return End(state=RunState.CANCELLED, code="cancelled", reason=run.cancel_reason)
    if at - (run.started_at or run.created_at) > limits.deadline():
        return End(state=RunState.EXPIRED, code="deadline_passed", reason=f"Not finished within {limits.deadline()}")
    return None


def end_untaken(run: ScheduleRun, end: End, *, at: datetime) -> bool:
    """due → an end, without a worker; False when it was not due any more. A step that waited is not gone on with."""
    with transaction.atomic():
        if not _move_due(run, **_ending(end, at)):
            return False
        _end_waiting_steps(run, at)
        insert_rows(*_end_events(run, end, Actor.system(SYSTEM, run.tenant_id)))
    return True


def hold(lease: Lease) -> None:
    """Make sure, until the caller's transaction ends, that the lease holds and the run is to go on.

    Raises LeaseLost, or CancelRequested when somebody asked for its end since: that is heard between steps.
    """
    for state, epoch, asked_at, reason in _LOCKED.rows(run_id=lease.run.id):
        if state in HELD and epoch == lease.epoch:
            if asked_at is not None:
                raise CancelRequested(reason)
            return
    raise LeaseLost


def _end_waiting_steps(run: ScheduleRun, at: datetime) -> None:
    """A step that waited, or was begun by a worker that died, is not gone on with when its run has ended."""
    RunStep.objects.filter(run=run, finished_at=None).update(state=StepState.SKIPPED, finished_at=at)


def _put_back(lease: Lease, event: RunEvent, values: dict[str, Any], *, actor: Actor, work: Work) -> None:
    free = {"state": RunState.DUE, "rung_at": None, "claimed_by": "", "lease_expires_at": None}
    with transaction.atomic():
        started = _move_on(lease, work, **free, **values)
        until = values["available_at"].isoformat()
        details = {"availableAt": until, "attempt": lease.run.attempt, "code": values["code"]}
        told = _event(event, lease.run, actor=actor, reason=values["reason"], details=details)
        insert_rows(*started, *step_rows.new_rows(lease.run, work), told)
    lease.run.state = RunState.DUE


def _move_on(lease: Lease, work: Work, **values: Any) -> list[AuditEvent]:
    """The run to its next state, and with it the work that has rows already; the record of a start still unwritten."""
    if not _move_held(lease, **_done(lease, work), **values):
        raise LeaseLost
    step_rows.write_known(work)
    is_new = lease.run.state == RunState.CLAIMED and work.began_at is not None
    return [_started(lease)] if is_new else []


def _done(lease: Lease, work: Work) -> dict[str, Any]:
    """What the work says of the run's own row: whose token it had, and when it began the first time."""
    if work.began_at is None:
        return work.of_run
    lease.run.started_at = lease.run.started_at or work.began_at
    return {"started_at": lease.run.started_at, **work.of_run}


def _started(lease: Lease) -> AuditEvent:
    start_lag.note(lease.run)
    return _event(RunEvent.STARTED, lease.run, details={"attempt": lease.run.attempt})


def _ending(end: End, at: datetime) -> dict[str, Any]:
    return {
        "state": end.state,
        "code": end.code,
        "reason": end.reason,
        "status": end.status,
        "finished_at": at,
        "lease_expires_at": None,
    }


def _end_events(run: ScheduleRun, end: End, actor: Actor) -> list[AuditEvent]:
    event, outcome = EVENTS[end.state]
    details: dict[str, object] = {"code": end.code, "status": end.status, "attempt": run.attempt}
    told = [_event(event, run, actor=actor, reason=end.reason, outcome=outcome, details=details)]
    if end.cause:
        about = {"cause": end.cause, "identityId": str(run.identity_id), "owner": end.owner}
        failed = RunEvent.CREDENTIAL_FAILED
        told.append(_event(failed, run, actor=actor, reason=end.reason, outcome=outcome, details=about))
    return told


def _event(
    event: RunEvent,
    run: ScheduleRun,
    *,
    details: Mapping[str, object],
    actor: Actor | None = None,
    reason: str = "",
    outcome: Outcome = Outcome.SUCCESS,
) -> AuditEvent:
    with context.bound(correlation_id=run.correlation_id, run_id=run.id):
        return audit.compose(
            event,
            actor=actor or Actor.system(SYSTEM, run.tenant_id),
            subject=run.subject,
            outcome=outcome,
            reason=reason,
            details=details,
        )


def _move_due(run: ScheduleRun, **values: Any) -> bool:
    where = {"id": run.id, "state": RunState.DUE, "lease_epoch": run.lease_epoch}
    return bool(update_where(ScheduleRun, values, **where))


def _move_held(lease: Lease, **values: Any) -> bool:
    return bool(update_where(ScheduleRun, values, **_key(lease, HELD)))


def _key(lease: Lease, state: Any) -> dict[str, Any]:
    return {"id": lease.run.id, "state": state, "lease_epoch": lease.epoch}
