"""What the demo payroll system has been told: a stand-in for a system outside, there to be looked at."""

from django.db import models


class DemoPayment(models.Model):
    """One effect, whatever the number of times it was asked for: `key` is the caller's Idempotency-Key."""

    key = models.CharField(primary_key=True, max_length=255)
    tenant_id = models.UUIDField()
    client_id = models.CharField(max_length=64)
    resource = models.CharField(max_length=255)
    body = models.JSONField(default=dict)
    correlation_id = models.CharField(max_length=128, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    deliveries = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-first_at"]

    def __str__(self) -> str:
        return self.key
