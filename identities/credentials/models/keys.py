"""ClientKey: a public key an identity signs its assertions with (RFC 7523); UsedAssertion: one that came before."""

import uuid

from django.db import models
from django.utils import timezone


class ClientKey(models.Model):
    """The public half only, with the dates of a secret: alive until revoked, or past `expires_at` where that is set.

    `thumbprint` is that of RFC 7638; `kid` is how the client names it in the header of an assertion.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="keys")
    kid = models.CharField(max_length=128)
    name = models.CharField(max_length=120, blank=True)
    alg = models.CharField(max_length=16)
    public_jwk = models.JSONField()
    thumbprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    rotate_by = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    renewed_at = models.DateTimeField(null=True, blank=True)
    throttled_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.TextField(blank=True)
    first_used_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["identity", "kid"], condition=models.Q(revoked_at=None), name="client_key_kid_once"
            ),
            models.UniqueConstraint(
                fields=["identity", "thumbprint"], condition=models.Q(revoked_at=None), name="client_key_once"
            ),
        ]
        indexes = [models.Index(fields=["rotate_by"], condition=models.Q(revoked_at=None), name="client_key_due")]

    def __str__(self) -> str:
        return self.name or self.kid


class UsedAssertion(models.Model):
    """An assertion that was taken; until it ends, its `jti` is taken from nobody else (promise 11)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    issuer = models.CharField(max_length=254)
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["expires_at", "id"]
        constraints = [models.UniqueConstraint(fields=["issuer", "jti_digest"], name="assertion_used_once")]

    def __str__(self) -> str:
        return f"{self.issuer} {self.jti_digest[:8]}"
