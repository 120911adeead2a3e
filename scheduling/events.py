"""The words the audit uses for workflows, schedules and runs."""

from enum import StrEnum


class WorkflowEvent(StrEnum):
    CREATED = "workflow.created"
    CHANGED = "workflow.changed"
    REMOVED = "workflow.removed"


class ScheduleEvent(StrEnum):
    CREATED = "schedule.created"
    CHANGED = "schedule.changed"
    PAUSED = "schedule.paused"
    RESUMED = "schedule.resumed"
    REMOVED = "schedule.removed"
    RUN_REQUESTED = "schedule.run_requested"
    RECOMPUTED = "schedule.recomputed"
    UNAPPROVED = "schedule.unapproved"
    APPROVED = "schedule.approved"
    PREFLIGHT_FAILED = "schedule.preflight_failed"
    PREFLIGHT_CLEARED = "schedule.preflight_cleared"


class RunEvent(StrEnum):
    DUE = "run.due"
    CLAIMED = "run.claimed"
    STARTED = "run.started"
    RESUMED = "run.resumed"
    RETRIED = "run.retried"
    DEFERRED = "run.deferred"
    SUCCEEDED = "run.succeeded"
    FAILED = "run.failed"
    REFUSED = "run.refused"
    SKIPPED = "run.skipped"
    CANCEL_REQUESTED = "run.cancel_requested"
    CANCELLED = "run.cancelled"
    EXPIRED = "run.expired"
    CREDENTIAL_FAILED = "run.credential_failed"
    STEP_FINISHED = "run.step_finished"
