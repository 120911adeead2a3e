"""Preflight: what would become of a schedule's next occurrence, tried beforehand and without effect."""

import uuid

from django.db import models
from django.utils import timezone


class Preflight(models.Model):
    """The newest trial of one schedule. `problems` is a list of {code, text, at, mend}; empty: it would run.

    `occurrence_at` is the first occurrence that was looked at, `until` the end of the span.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    schedule = models.OneToOneField("scheduling.Schedule", on_delete=models.CASCADE, related_name="preflight")
    checked_at = models.DateTimeField(default=timezone.now)
    occurrence_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    occurrences = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    is_clear = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["is_clear", "checked_at"], name="preflight_clear")]

    def __str__(self) -> str:
        return f"{self.schedule}: {'clear' if self.is_clear else len(self.problems)}"
