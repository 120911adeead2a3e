"""ExternalCredential: what somebody else issued, by name and dates only."""

import uuid

from django.db import models
from django.db.models import Value
from django.utils import timezone

NO_FACTS = Value({}, output_field=models.JSONField())


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
    known; `gone_at`: its source no longer reports it. `rotate_by` is set by hand; `certificate` holds what was
    read in one: subject, issuer, serial, not_before, key_algorithm, key_size in bits.
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
    rotate_by = models.DateTimeField(null=True, blank=True)
    fingerprint = models.CharField(max_length=128, blank=True, default="", db_default="")
    certificate = models.JSONField(default=dict, db_default=NO_FACTS, blank=True)
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
        indexes = [
            models.Index(fields=["stored_at"], name="external_credential_place"),
            models.Index(
                fields=["rotate_by"], condition=models.Q(rotate_by__isnull=False), name="external_credential_due"
            ),
            models.Index(
                fields=["expires_at"], condition=models.Q(expires_at__isnull=False), name="external_credential_end"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id
