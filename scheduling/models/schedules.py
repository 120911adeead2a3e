"""When something runs, and as whom."""

import uuid

from django.db import models

from audit.actors import Subject
from scheduling.models.workflows import BUILT_IN


class MisfirePolicy(models.TextChoices):
    """What to do with occurrences found more than five minutes late."""

    SKIP = "skip", "Skip them"
    RUN_ONCE = "run_once", "Run once for all of them"
    RUN_ALL = "run_all", "Run each, up to 100"


class OverlapPolicy(models.TextChoices):
    """What to do when an occurrence comes while an earlier run is still going."""

    SKIP = "skip", "Skip the new one"
    QUEUE_ONE = "queue_one", "Let one wait"
    ALLOW = "allow", "Run side by side"
    CANCEL_PREVIOUS = "cancel_previous", "Cancel the earlier one"


class Schedule(models.Model):
    """A rule that runs one workflow as one managed identity.

    `managed_identity_id` is no foreign key: the row must be able to name an identity that is not there, because a
    firing for such a one is an outcome of its own (S1-03). `next_run_at` is the next occurrence without jitter, empty
    while paused; `held_run_at` keeps it for the time of the pause, so that resuming can apply the misfire policy.
    `blocked_*` says since when its runs end for a reason of identity, secret or token, and how the last one did; a run
    that succeeds clears it (S0-03). Of an identity of high tier it runs only as it was approved: `approval_state` is ""
    (none needed), "pending" or "approved", `approved_hash` the hash of the content that may run, `approval_by` until
    when a schedule that was there before its identity's tier rose goes on without.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without an index of its own: `schedule_listing` begins with it.
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)
    workflow = models.ForeignKey("scheduling.Workflow", on_delete=models.PROTECT, related_name="schedules")
    name = models.CharField(max_length=200)
    cron_expression = models.CharField(max_length=256)
    timezone = models.CharField(max_length=64)
    managed_identity_id = models.UUIDField(db_index=True)
    secret_reference = models.JSONField()
    input_data = models.JSONField(default=dict, blank=True)
    max_attempts = models.PositiveSmallIntegerField(default=1)
    backoff_seconds = models.PositiveIntegerField(default=60)
    owner = models.ForeignKey(
        "identities.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="owned_schedules"
    )
    owner_team = models.ForeignKey(
        "identities.Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="owned_schedules"
    )
    misfire_policy = models.CharField(max_length=20, choices=MisfirePolicy, default=MisfirePolicy.RUN_ONCE)
    overlap_policy = models.CharField(max_length=20, choices=OverlapPolicy, default=OverlapPolicy.SKIP)
    overlap_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    jitter_seconds = models.PositiveSmallIntegerField(default=0)
    is_enabled = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=320, blank=True)
    paused_reason = models.CharField(max_length=500, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    held_run_at = models.DateTimeField(null=True, blank=True)
    blocked_since = models.DateTimeField(null=True, blank=True)
    blocked_code = models.CharField(max_length=64, blank=True, default="", db_default="")
    blocked_reason = models.TextField(blank=True, default="", db_default="")
    blocked_run_id = models.UUIDField(null=True, blank=True)
    approval_state = models.CharField(max_length=8, blank=True, default="", db_default="")
    approved_hash = models.CharField(max_length=64, blank=True, default="", db_default="")
    approval_by = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=320, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["next_run_at"], name="schedule_next_run_at"),
            models.Index(fields=["tenant", "created_at", "id"], name="schedule_listing"),
            models.Index(fields=["name", "id"], name="schedule_named"),
            models.Index(fields=["tenant"], condition=models.Q(blocked_since__isnull=False), name="schedule_blocked"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=models.Q(deleted_at=None), name="schedule_name_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(is_enabled=True, deleted_at=None) | models.Q(next_run_at=None),
                name="schedule_stopped_has_no_next_run",
            ),
            models.CheckConstraint(
                condition=models.Q(max_attempts__gte=1, max_attempts__lte=10), name="schedule_attempts_one_to_ten"
            ),
            models.CheckConstraint(condition=models.Q(backoff_seconds__gte=1), name="schedule_backoff_at_least_one"),
            models.CheckConstraint(condition=models.Q(jitter_seconds__lte=300), name="schedule_jitter_at_most_300"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_built_in(self) -> bool:
        return self.created_by == BUILT_IN

    @property
    def subject(self) -> Subject:
        return Subject(kind="schedule", id=str(self.id), label=self.name, tenant_id=self.tenant_id)
