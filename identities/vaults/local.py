"""Steward's own vault: values in its database, encrypted with a key that is not."""

import re
from typing import ClassVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.vaults import names, resealing, sealed_box
from identities.vaults.base import Ended, Vault, VaultSettings, Version
from identities.vaults.failures import SecretNotFound, SecretUnreadable, VersionConflict
from identities.vaults.models import LocalSecret
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText

DEFAULT_URI = "local://default"
PURPOSE = "local vault"

_URI = re.compile(r"local://[a-z0-9][a-z0-9-]{0,60}", re.ASCII)


class LocalVault(Vault):
    """Names are per tenant, versions count from 1, and no version is ever written over."""

    kind: ClassVar[str] = "local"
    label: ClassVar[str] = "Steward's own vault"

    @classmethod
    def check_connection(cls, uri: str, settings: VaultSettings, *, has_credential: bool) -> None:
        if not _URI.fullmatch(uri):
            raise Invalid({"vault_uri": ["must read local://name"]})

    @classmethod
    def check_name(cls, reference: SecretReference) -> None:
        names.plain_path(reference.secret_name)
        names.plain_version(reference.version)

    @sensitive_variables("value")
    def read(self, reference: SecretReference, tenant_id: UUID) -> SecretText:
        self.check_name(reference)
        rows = LocalSecret.objects.filter(connection=self.connection, tenant_id=tenant_id, name=reference.secret_name)
        version = names.plain_version(reference.version)
        row = (rows.filter(version=version) if version else rows).order_by("-version").first()
        if row is None or not row.ciphertext:
            suffix = f" in version {version}" if version else ""
            raise SecretNotFound(f"There is no secret '{reference.secret_name}'{suffix} in {self.connection.vault_uri}")
        try:
            value = sealed_box.open(row.ciphertext, PURPOSE, place=_place(row))
        except sealed_box.CannotOpen:
            raise SecretUnreadable(
                f"The secret '{reference.secret_name}' does not open with the present encryption key"
            ) from None
        return SecretText(value.decode())

    def write(
        self, reference: SecretReference, text: SecretText, tenant_id: UUID, expected_version: str | None = None
    ) -> str:
        self.check_name(reference)
        row = LocalSecret(connection=self.connection, tenant_id=tenant_id, name=reference.secret_name)
        newest = self._newest(row)
        if expected_version is not None and expected_version != str(newest):
            raise VersionConflict(f"The secret '{row.name}' stands at version {newest}, not {expected_version}")
        row.version = newest + 1
        row.ciphertext = sealed_box.seal(text.reveal().encode(), PURPOSE, place=_place(row))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise VersionConflict(f"Somebody else wrote the secret '{row.name}' at the same moment") from None
        return str(row.version)

    def versions(self, reference: SecretReference, tenant_id: UUID) -> list[Version]:
        self.check_name(reference)
        rows = LocalSecret.objects.filter(connection=self.connection, tenant_id=tenant_id, name=reference.secret_name)
        found = [Version(str(row.version), row.created_at, bool(row.ciphertext)) for row in rows.order_by("-version")]
        if not found:
            raise SecretNotFound(f"There is no secret '{reference.secret_name}' in {self.connection.vault_uri}")
        return found

    def destroy(self, reference: SecretReference, tenant_id: UUID) -> Ended:
        # The row stays without its value: a number that was given is never given again.
        self.check_name(reference)
        rows = LocalSecret.objects.filter(connection=self.connection, tenant_id=tenant_id, name=reference.secret_name)
        version = names.plain_version(reference.version)
        held = (rows.filter(version=version) if version else rows).exclude(ciphertext="")
        if not held.update(ciphertext=""):
            raise SecretNotFound(f"There is nothing to destroy of '{reference.secret_name}'")
        return Ended.DESTROYED

    def probe(self) -> None:
        LocalSecret.objects.filter(connection=self.connection).exists()

    def _newest(self, row: LocalSecret) -> int:
        rows = LocalSecret.objects.filter(connection=self.connection, tenant_id=row.tenant_id, name=row.name)
        return rows.order_by("-version").values_list("version", flat=True).first() or 0


def _place(row: LocalSecret) -> str:
    # Bound to its row: a ciphertext copied to another name, tenant or version does not open there.
    return f"{row.connection_id}/{row.tenant_id}/{row.name}/{row.version}"


SEALED = resealing.text_column("values of the local vault", LocalSecret, "ciphertext", PURPOSE, _place)
