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
from django.db.models.functions import Coalesce

from audit import context, services as audit
from audit.actors import Actor
from audit.events import Outcome
from scheduling.events import RunEvent
from scheduling.models import RunState, RunStep, ScheduleRun, StepState
from scheduling.services import blocking, limits, turns

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


def claim_run(run_id: UUID, *, worker: str, at: datetime) -> Lease | None:
    """Take a run that is due, or None: not due, taken already, cancelled or expired meanwhile, or not its turn.

    Of any number of callers exactly one gets the lease.
    """
    with transaction.atomic():
        run = ScheduleRun.objects.select_related("schedule").filter(id=run_id, state=RunState.DUE).first()
        if run is None or run.available_at > at:
            return None
        if end := untaken_end(run, at):
            end_untaken(run, end, at=at)
            return None
        if not turns.may_begin(run):
            _queue(run).update(available_at=at + limits.TURN, rung_at=None)
            return None
        taken = _queue(run).update(
            state=RunState.CLAIMED,
            claimed_by=worker[:128],
            lease_epoch=run.lease_epoch + 1,
            lease_expires_at=at + limits.lease(),
        )
        if not taken:
            return None
        _record(RunEvent.CLAIMED, run, details={"worker": worker, "attempt": run.attempt})
    run.state, run.lease_epoch = RunState.CLAIMED, run.lease_epoch + 1
    return Lease(run=run, epoch=run.lease_epoch)


def start_run(lease: Lease, *, at: datetime) -> None:
    """claimed → running. `started_at` is that of the first start: it survives retries and lost workers."""
    with transaction.atomic():
        moved = _held(lease).filter(state=RunState.CLAIMED)
        if not moved.update(state=RunState.RUNNING, started_at=Coalesce("started_at", at)):
            raise LeaseLost
        _record(RunEvent.STARTED, lease.run, details={"attempt": lease.run.attempt})
    lease.run.state = RunState.RUNNING
    lease.run.started_at = lease.run.started_at or at


def renew(lease: Lease, *, at: datetime) -> bool:
    """The heartbeat: push the end of the lease on; False when it is lost. No record: nothing has moved."""
    return bool(_held(lease).update(lease_expires_at=at + limits.lease()))


def fence(lease: Lease) -> None:
    """Make sure, until the caller's transaction ends, that the lease holds; LeaseLost undoes the transaction."""
    if not _held(lease).select_for_update(no_key=True).values_list("id").first():
        raise LeaseLost


def finish_run(lease: Lease, end: End, *, actor: Actor, at: datetime) -> None:
    """running → an end, with its record; with a `cause` also `run.credential_failed`."""
    with transaction.atomic():
        # The schedule before its run, as the clock has it when a later occurrence cancels this one.
        blocking.note_end(
            lease.run, succeeded=end.state == RunState.SUCCEEDED, cause=end.cause, reason=end.reason, at=at
        )
        if not _held(lease).update(**_ending(end, at)):
            raise LeaseLost
        if end.state != RunState.SUCCEEDED:
            _end_waiting_steps(lease.run, at)
        _record_end(lease.run, end, actor)
    lease.run.state = end.state


def retry_run(lease: Lease, *, available_at: datetime, reason: str, code: str, actor: Actor) -> None:
    """running → due for the next attempt: uses one up."""
    values = {"reason": reason, "code": code, "attempt": lease.run.attempt + 1}
    _put_back(lease, RunEvent.RETRIED, available_at, actor, values)


def defer_run(lease: Lease, *, available_at: datetime, reason: str, actor: Actor) -> None:
    """running → due without using an attempt up: a node said "later", or Passport does not answer."""
    _put_back(lease, RunEvent.DEFERRED, available_at, actor, {"reason": reason, "code": ""})


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
        if not _queue(run).update(**_ending(end, at)):
            return False
        _end_waiting_steps(run, at)
        _record_end(run, end, Actor.system(SYSTEM, run.tenant_id))
    return True


def hold(lease: Lease) -> None:
    """As `fence`, and that the run is to go on.

    Raises LeaseLost, or CancelRequested when somebody asked for its end since: that is heard between steps.
    """
    row = _held(lease).select_for_update(no_key=True).values_list("cancel_requested_at", "cancel_reason").first()
    if row is None:
        raise LeaseLost
    if row[0] is not None:
        raise CancelRequested(row[1])


def _end_waiting_steps(run: ScheduleRun, at: datetime) -> None:
    """A step that waited, or was begun by a worker that died, is not gone on with when its run has ended."""
    RunStep.objects.filter(run=run, finished_at=None).update(state=StepState.SKIPPED, finished_at=at)


def _put_back(lease: Lease, event: RunEvent, available_at: datetime, actor: Actor, values: dict[str, Any]) -> None:
    with transaction.atomic():
        moved = _held(lease).update(
            state=RunState.DUE,
            available_at=available_at,
            rung_at=None,
            claimed_by="",
            lease_expires_at=None,
            **values,
        )
        if not moved:
            raise LeaseLost
        details = {"availableAt": available_at.isoformat(), "attempt": lease.run.attempt, "code": values["code"]}
        _record(event, lease.run, actor=actor, reason=values["reason"], details=details)
    lease.run.state = RunState.DUE


def _ending(end: End, at: datetime) -> dict[str, Any]:
    return {
        "state": end.state,
        "code": end.code,
        "reason": end.reason,
        "status": end.status,
        "finished_at": at,
        "lease_expires_at": None,
    }


def _record_end(run: ScheduleRun, end: End, actor: Actor) -> None:
    event, outcome = EVENTS[end.state]
    details: dict[str, object] = {"code": end.code, "status": end.status, "attempt": run.attempt}
    _record(event, run, actor=actor, reason=end.reason, outcome=outcome, details=details)
    if end.cause:
        about = {"cause": end.cause, "identityId": str(run.identity_id), "owner": end.owner}
        _record(RunEvent.CREDENTIAL_FAILED, run, actor=actor, reason=end.reason, outcome=outcome, details=about)


def _record(
    event: RunEvent,
    run: ScheduleRun,
    *,
    details: Mapping[str, object],
    actor: Actor | None = None,
    reason: str = "",
    outcome: Outcome = Outcome.SUCCESS,
) -> None:
    with context.bound(correlation_id=run.correlation_id, run_id=run.id):
        audit.record(
            event,
            actor=actor or Actor.system(SYSTEM, run.tenant_id),
            subject=run.subject,
            outcome=outcome,
            reason=reason,
            details=details,
        )


def _queue(run: ScheduleRun) -> Any:
    return ScheduleRun.objects.filter(id=run.id, state=RunState.DUE, lease_epoch=run.lease_epoch)


def _held(lease: Lease) -> Any:
    return ScheduleRun.objects.filter(id=lease.run.id, state__in=HELD, lease_epoch=lease.epoch)
