"""Quarantine: one incident of one identity, what was done in it, by whom and how fast."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Cause(models.TextChoices):
    """By which door it came."""

    PERSON = "person"
    LEAK = "leak"
    DETECTION = "detection"
    DRILL = "drill"


class Quarantine(models.Model):
    """One stop of one identity, from the call to the last line ticked; at most one open an identity.

    `contained_at` is the last effect here; `complete_at` when nothing is left to do elsewhere, at once where there is
    nothing. `residual_until` is when the last token in the hands of an offline verifier ends. `evidence` is frozen at
    the call, `evidence_digest` its SHA-256. A drill is released by itself at `release_at`. `release_asked_by_id` is
    the first of the two people whom a high tier needs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="quarantines")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="quarantines")
    cause = models.CharField(max_length=16, choices=Cause.choices, default=Cause.PERSON)
    reason = models.TextField()
    previous_state = models.CharField(max_length=16)
    called_at = models.DateTimeField(default=timezone.now)
    called_by = models.CharField(max_length=254, blank=True)
    contained_at = models.DateTimeField(null=True, blank=True)
    complete_at = models.DateTimeField(null=True, blank=True)
    residual_until = models.DateTimeField(null=True, blank=True)
    effects = models.JSONField(default=dict)
    evidence = models.JSONField(default=dict)
    evidence_digest = models.CharField(max_length=64, blank=True)
    release_at = models.DateTimeField(null=True, blank=True)
    release_asked_by = models.CharField(max_length=254, blank=True)
    release_asked_by_id = models.CharField(max_length=64, blank=True)
    release_asked_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=254, blank=True)
    release_reason = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-called_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["identity"], condition=Q(closed_at=None), name="quarantine_one_open")
        ]
        indexes = [
            models.Index(fields=["tenant", "-called_at"], name="quarantine_of_tenant"),
            models.Index(fields=["release_at"], condition=Q(release_at__isnull=False), name="quarantine_to_release"),
        ]

    def __str__(self) -> str:
        return f"{self.identity} {self.called_at:%Y-%m-%d %H:%M}"

    @property
    def is_drill(self) -> bool:
        return self.cause == Cause.DRILL


class LineKind(models.TextChoices):
    """What a line of the runbook is about (S3-67)."""

    TRUST_SOURCE = "trust_source"
    DEPENDENT_SECRET = "dependent_secret"  # noqa: S105 - a word of the vocabulary
    CREDENTIAL = "credential"
    DOWNSTREAM = "downstream"
    PROCEDURE = "procedure"


class QuarantineLine(models.Model):
    """One line of the runbook: what somebody has still to do, who, until when, and when it was done.

    `about` names what it is about (a secret reference, a credential's id, a system); `is_required`: until it is ticked,
    the incident is contained here and not yet there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    quarantine = models.ForeignKey(Quarantine, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=LineKind.choices)
    text = models.TextField()
    about = models.JSONField(default=dict)
    is_required = models.BooleanField(default=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=254, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["quarantine", "position"]
        constraints = [models.UniqueConstraint(fields=["quarantine", "position"], name="quarantine_line_in_order")]

    def __str__(self) -> str:
        return self.text[:80]
