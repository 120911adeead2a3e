"""Vaults an administrator registered, and the values of the one vault that is our own."""

from typing import ClassVar
from uuid import uuid4

from django.db import models
from django.db.models.functions import Lower


class VaultConnection(models.Model):
    """A vault that secret references may name. No reference reaches any other address.

    `environment`, when set, is the only one it serves (S3-29). `settings` holds no secret; the credential is sealed
    with a key outside the database. Without a tenant it serves all: only `local://default`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tenant = models.ForeignKey(
        "identities.Tenant", null=True, on_delete=models.PROTECT, related_name="vault_connections"
    )
    name = models.CharField(max_length=120)
    provider = models.CharField(max_length=40)
    vault_uri = models.CharField(max_length=500)
    environment = models.CharField(max_length=20, blank=True)
    settings = models.JSONField(default=dict, blank=True)
    sealed_credential = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint("tenant", Lower("name"), name="vault_connection_name_unique"),
            models.UniqueConstraint(
                fields=["tenant", "provider", "vault_uri", "environment"], name="vault_connection_place_unique"
            ),
            models.UniqueConstraint(
                fields=["provider", "vault_uri"],
                condition=models.Q(tenant__isnull=True),
                name="vault_connection_common_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_credential(self) -> bool:
        return bool(self.sealed_credential)


class LocalSecret(models.Model):
    """One version of one value in a local vault, encrypted; the key is not in this database."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(VaultConnection, on_delete=models.PROTECT, related_name="local_secrets")
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="local_secrets")
    name = models.CharField(max_length=300)
    version = models.PositiveIntegerField()
    ciphertext = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "tenant", "name", "version"], name="local_secret_version_unique"
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="local_secret_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})"
