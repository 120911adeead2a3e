"""What Passport keeps: a row for each token (never its text), the signing keys, and the client class OAuth expects."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from oauth2_provider.models import AbstractApplication

from identities.inventory.models import ManagedIdentity


class OAuthClient(AbstractApplication):
    """A managed identity as django-oauth-toolkit wants to see a client: built for each request, never stored.

    The table exists because the toolkit's model can be swapped only in the first migration; no code writes to it.
    `is_usable` is the kill switch the toolkit asks before it gives anything to a client.
    """

    identity: ManagedIdentity | None = None

    class Meta(AbstractApplication.Meta):
        abstract = False
        verbose_name = "OAuth client"

    def is_usable(self, request: object) -> bool:
        """Whether the identity behind this client may have a token now."""
        return self.identity is not None and self.identity.is_enabled

    @classmethod
    def of(cls, identity: ManagedIdentity) -> "OAuthClient":
        """The client that stands for `identity`: confidential, client credentials only, without a secret of its own."""
        client = cls(
            client_id=identity.client_id,
            client_type=cls.CLIENT_CONFIDENTIAL,
            authorization_grant_type=cls.GRANT_CLIENT_CREDENTIALS,
            client_secret="",
            name=identity.name,
        )
        client.identity = identity
        return client


class IssuedTokenQuerySet(models.QuerySet["IssuedToken"]):
    """Words for asking about tokens."""

    def live(self, at: datetime) -> "IssuedTokenQuerySet":
        """Neither revoked nor past its end at `at`."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)


class IssuedToken(models.Model):
    """One access token of one identity. Its text is nowhere at rest; `jti` is all that leads back to it."""

    jti = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey(ManagedIdentity, on_delete=models.PROTECT, related_name="tokens")
    kid = models.CharField(max_length=64)
    scope = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager["IssuedToken"]] = IssuedTokenQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["revoked_at"], name="token_revoked", condition=Q(revoked_at__isnull=False)),)
        constraints = (
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("issued_at")), name="token_ends_after_it_is_issued"
            ),
        )

    def __str__(self) -> str:
        return str(self.jti)


class SigningKey(models.Model):
    """A key of Passport, RSA or P-256. The private part rests sealed; the newest active one signs, others verify.

    `removed_after` is when the last token signed by a retired key has ended; until then it stays in the key set.
    A key revoked because it leaked has `revoked_at` and is out of the key set at once.
    """

    kid = models.CharField(primary_key=True, max_length=64)
    alg = models.CharField(max_length=16, default="RS256")
    sealed_private = models.TextField(blank=True)
    public_jwk = models.JSONField()
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    removed_after = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["alg"], condition=Q(retired_at__isnull=True), name="one_active_signing_key"
            ),
        )

    def __str__(self) -> str:
        return self.kid
