"""ClientSecret: a secret of ours, kept as a keyed digest. ExternalCredential: one of somebody else's, by name only."""

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


class ExternalKind(models.TextChoices):
    """What an identity proves itself with where we do not issue it."""

    ACCESS_KEY = "access_key"
    API_TOKEN = "api_token"  # noqa: S105 - a word of the vocabulary
    CLIENT_SECRET = "client_secret"  # noqa: S105
    CERTIFICATE = "certificate"
    SIGNING_KEY = "signing_key"
    SSH_KEY = "ssh_key", "SSH key"
    SERVICE_ACCOUNT_TOKEN = "service_account_token"  # noqa: S105
    PASSWORD = "password"  # noqa: S105
    FEDERATED = "federated"
    STORED_SECRET = "stored_secret"  # noqa: S105


class ExternalCredential(models.Model):
    """A credential that somebody else issued: its name, dates and scope as its source reports them, never its value.

    `external_id` is stable within `source` (an access key id, a secret's name). `stored_at` names the place where it
    rests, if known; `exposed_in` the place where its value lay open (the value is nowhere with us). Null dates are not
    known; `gone_at`: its source no longer reports it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey(
        "identities.ManagedIdentity", on_delete=models.PROTECT, related_name="external_credentials"
    )
    kind = models.CharField(max_length=24, choices=ExternalKind.choices)
    source = models.CharField(max_length=200)
    external_id = models.CharField(max_length=400)
    name = models.CharField(max_length=254, blank=True)
    scope = models.JSONField(default=list)
    stored_at = models.CharField(max_length=400, blank=True)
    exposed_in = models.CharField(max_length=400, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(null=True, blank=True)
    last_rotated_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["kind", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["identity", "source", "kind", "external_id"], name="external_credential_once_per_source"
            )
        ]
        indexes = [models.Index(fields=["stored_at"], name="external_credential_place")]

    def __str__(self) -> str:
        return self.name or self.external_id
