"""ClientSecret: one of the secrets of an identity, kept as a keyed digest and never as text."""

import uuid

from django.db import models
from django.utils import timezone


class ClientSecret(models.Model):
    """Alive from `created_at` until revoked, or until `expires_at` where that is set (seldom: see a rotation date).

    `rotate_by` only lowers posture and alarms: a secret never dies of a password policy (S0-35).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    stored_at = models.JSONField(null=True, blank=True, editable=False)
    rotate_by = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.TextField(blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"…{self.hint}"
