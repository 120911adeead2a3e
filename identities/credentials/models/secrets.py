"""ClientSecret: a secret of ours, kept as a keyed digest; where it or a key is used from, and who was ever shown it."""

import uuid

from django.db import models
from django.utils import timezone

from identities.credentials.models.keys import ClientKey

_OF_ONE = models.Q(secret__isnull=False, key=None) | models.Q(secret=None, key__isnull=False)


def _either(secret_id: uuid.UUID | None, key_id: uuid.UUID | None) -> uuid.UUID:
    found = secret_id or key_id
    assert found is not None  # noqa: S101 - the table holds one of the two
    return found


class ClientSecret(models.Model):
    """Alive from `created_at` until revoked, or until `expires_at` where that is set (seldom: see a rotation date).

    `rotate_by` only lowers posture and alarms: a secret never dies of a password policy (S0-35). `renewed_at` says that
    somebody moved it on purpose. `throttled_at`: it outlived its cutover, and is served at a slow pace since.
    `digest_key` is the id of the key that `digest` was made with; empty: of the first there was.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    digest_key = models.CharField(max_length=8, blank=True, default="", db_default="", editable=False)
    hint = models.CharField(max_length=8, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)
    stored_at = models.JSONField(null=True, blank=True, editable=False)
    rotate_by = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.TextField(blank=True)
    renewed_at = models.DateTimeField(null=True, blank=True)
    throttled_at = models.DateTimeField(null=True, blank=True)
    first_used_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["rotate_by"], condition=models.Q(revoked_at=None), name="secret_due"),
            models.Index(fields=["identity", "expires_at"], condition=models.Q(revoked_at=None), name="secret_alive"),
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"


class SecretSource(models.Model):
    """From where a secret, or a key, is used: an address and a client program, as the token endpoint saw them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret = models.ForeignKey(ClientSecret, on_delete=models.CASCADE, null=True, blank=True, related_name="sources")
    key = models.ForeignKey(ClientKey, on_delete=models.CASCADE, null=True, blank=True, related_name="sources")
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    uses = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-last_seen_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["secret", "address", "user_agent"], name="secret_source_once"),
            models.UniqueConstraint(fields=["key", "address", "user_agent"], name="key_source_once"),
            models.CheckConstraint(condition=_OF_ONE, name="source_of_one_credential"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.user_agent}".strip()

    @property
    def credential_id(self) -> uuid.UUID:
        """The secret or the key that was used."""
        return _either(self.secret_id, self.key_id)


class SecretUse(models.Model):
    """How often a secret or key was used in the span that begins at `at`: a minute while two overlap, else an hour."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret = models.ForeignKey(ClientSecret, on_delete=models.CASCADE, null=True, blank=True, related_name="use")
    key = models.ForeignKey(ClientKey, on_delete=models.CASCADE, null=True, blank=True, related_name="use")
    at = models.DateTimeField()
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["secret", "at"], name="secret_use_once_per_span"),
            models.UniqueConstraint(fields=["key", "at"], name="key_use_once_per_span"),
            models.CheckConstraint(condition=_OF_ONE, name="use_of_one_credential"),
        ]
        indexes = [models.Index(fields=["at"], name="secret_use_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.uses}"

    @property
    def credential_id(self) -> uuid.UUID:
        """The secret or the key that was used."""
        return _either(self.secret_id, self.key_id)


class SecretShowing(models.Model):
    """A person was shown the text of a secret; the row stays when the person goes (OWASP NHI1).

    When they have gone, somebody asks for the secret to be rotated (`rotate_*`): it waits while `rotate_at` is set,
    the instant of the next try; `rotate_problem` is what stood in the way of the last one, and then it needs a hand.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret = models.ForeignKey(ClientSecret, on_delete=models.CASCADE, related_name="showings")
    person = models.ForeignKey(
        "identities.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="secrets_shown"
    )
    label = models.CharField(max_length=254)
    shown_at = models.DateTimeField(default=timezone.now)
    rotate_asked_at = models.DateTimeField(null=True, blank=True)
    rotate_asked_by = models.ForeignKey(
        "identities.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rotate_reason = models.TextField(blank=True, default="", db_default="")
    rotate_at = models.DateTimeField(null=True, blank=True)
    rotate_problem = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ["-shown_at", "id"]
        constraints = [models.UniqueConstraint(fields=["secret", "label"], name="secret_shown_once_to_each")]
        indexes = [
            models.Index(fields=["rotate_at"], condition=models.Q(rotate_at__isnull=False), name="showing_to_rotate")
        ]

    def __str__(self) -> str:
        return f"{self.secret} to {self.label}"
