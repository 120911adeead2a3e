"""What came of a firing: one row a run, one row a step and attempt."""

import uuid

from django.db import models

from audit.actors import Subject


class Trigger(models.TextChoices):
    """Whether the clock or a person set a run going."""

    SCHEDULE = "schedule", "Schedule"
    MANUAL = "manual", "By hand"


class RunState(models.TextChoices):
    """`due → claimed → running → ` one of the six ends; each move is a compare-and-set."""

    DUE = "due", "Due"
    CLAIMED = "claimed", "Claimed"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    REFUSED = "refused", "Refused"
    SKIPPED = "skipped", "Skipped"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"

    @classmethod
    def open(cls) -> frozenset["RunState"]:
        return frozenset({cls.DUE, cls.CLAIMED, cls.RUNNING})


class StepState(models.TextChoices):
    """How far one attempt at a step has come."""

    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    REFUSED = "refused", "Refused"
    SKIPPED = "skipped", "Skipped"


_IS_HELD = models.Q(state__in=["claimed", "running"])
_IS_OPEN = models.Q(state__in=["due", "claimed", "running"])


class ScheduleRun(models.Model):
    """One firing of a schedule, by the clock (`scheduled_for`) or by hand (`requested_at`).

    The unique pair (schedule, scheduled_for) is what makes two beats harmless. `lease_epoch` grows with each claim
    and fences off a worker that was thought dead. `workflow` and `workflow_version` name the frozen definition;
    `identity_id` and `secret_reference` are those of the schedule when the run was made, so that a later edit touches
    later runs only. `rung_at` is when the queue was last told of a run that is due.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without indexes of their own: those below begin with the same columns, and a claim keeps each of them up.
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    schedule = models.ForeignKey("scheduling.Schedule", on_delete=models.PROTECT, related_name="runs", db_index=False)
    workflow = models.ForeignKey("scheduling.Workflow", on_delete=models.PROTECT, related_name="runs")
    workflow_key = models.CharField(max_length=100)
    workflow_version = models.PositiveIntegerField()
    trigger = models.CharField(max_length=20, choices=Trigger, default=Trigger.SCHEDULE)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.CharField(max_length=320, blank=True)
    requested_by_id = models.CharField(max_length=64, blank=True)
    request_reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=20, choices=RunState, default=RunState.DUE)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    code = models.CharField(max_length=64, blank=True)
    reason = models.TextField(blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    resumes = models.PositiveSmallIntegerField(default=0)
    available_at = models.DateTimeField()
    rung_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=128, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    actor = models.JSONField(null=True, blank=True)
    identity_id = models.UUIDField(db_index=True)
    secret_reference = models.JSONField(default=dict, blank=True)
    input_data = models.JSONField(default=dict, blank=True)
    correlation_id = models.CharField(max_length=128)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.CharField(max_length=320, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["state", "available_at"], name="run_ready"),
            models.Index(fields=["tenant", "created_at", "id"], name="run_listing"),
            models.Index(fields=["created_at", "id"], name="run_made"),
            models.Index(fields=["schedule", "created_at"], name="run_of_schedule"),
            # What is asked at every claim and sweep: small for ever, however many runs have ended.
            models.Index(fields=["tenant", "identity_id"], condition=_IS_HELD, name="run_held"),
            models.Index(fields=["lease_expires_at"], condition=_IS_HELD, name="run_lease"),
            models.Index(fields=["schedule", "scheduled_for"], condition=_IS_OPEN, name="run_open"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "scheduled_for"], name="run_once_for_each_occurrence"),
            models.CheckConstraint(
                condition=(
                    models.Q(trigger=Trigger.SCHEDULE, scheduled_for__isnull=False)
                    | models.Q(trigger=Trigger.MANUAL, scheduled_for=None, requested_at__isnull=False)
                ),
                name="run_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def subject(self) -> Subject:
        return Subject(kind="run", id=str(self.id), label=f"schedule:{self.schedule.name}", tenant_id=self.tenant_id)

    @property
    def is_open(self) -> bool:
        return self.state in RunState.open()

    @property
    def triggered_by(self) -> str:
        """S1-21; also for a run by hand: who asked is `requested_by`."""
        return f"schedule:{self.schedule.name}"


class RunStep(models.Model):
    """One attempt at one step. `output` is what later nodes may read; it never holds a secret or a token."""

    run = models.ForeignKey(ScheduleRun, on_delete=models.CASCADE, related_name="steps", db_index=False)
    sequence = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=50)
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=20, choices=StepState, default=StepState.RUNNING)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    output = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["run", "sequence", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "name", "attempt"], name="step_once_for_each_attempt")]

    def __str__(self) -> str:
        return self.name
