"""Reading and writing through the vaults that are registered; nothing else reaches a vault."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from audit import services as audit
from audit.actors import Actor
from audit.events import Outcome
from identities.errors import Invalid
from identities.events import VaultEvent
from identities.vaults import diagnosis, providers, selectors, separation
from identities.vaults.base import Ended, Version
from identities.vaults.connections import change_connection, connect, ensure_default, remove_connection, subject_of
from identities.vaults.failures import VaultError
from identities.vaults.local import DEFAULT_URI
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference, normal_uri
from identities.vaults.secret_text import SecretText

__all__ = [
    "change_connection",
    "check_reference",
    "connect",
    "destroy_secret",
    "ensure_default",
    "examine",
    "list_versions",
    "newest_version",
    "probe",
    "promote_secret",
    "read_secret",
    "remove_connection",
    "stage_secret",
    "staged_version",
    "subject_of",
    "write_secret",
]

log = structlog.get_logger(__name__)


def check_reference(reference: SecretReference, tenant_id: UUID, environment: str = "") -> VaultConnection:
    """The connection that `reference` goes by, without asking the vault; default is deny.

    Raises `Invalid` naming the member: an unknown provider or one not installed (`provider`), an address that this
    tenant did not register or that serves another environment (`vault_uri`; S3-29), a name that is not plain
    (`secret_name`, `version`). Another tenant's connection looks like none. An empty `environment` is not compared.
    """
    vault = providers.vault_class(reference.provider)
    found = selectors.usable(reference.provider, normal_uri(reference.vault_uri), tenant_id)
    if not found and reference.provider == "local" and normal_uri(reference.vault_uri) == DEFAULT_URI:
        found = [ensure_default()]
    if not found:
        raise Invalid({"vault_uri": ["no vault connection is registered for this address"]})
    vault.check_name(reference)
    return separation.serving(found, environment)


def read_secret(reference: SecretReference, tenant_id: UUID, environment: str = "", *, actor: Actor) -> SecretText:
    """The secret, for the one function that needs it. Uses the network: call it outside of transactions.

    Raises what `check_reference` raises, and a `VaultError` for each way the vault can fail. The caller records the
    reading (`VaultEvent.SECRET_READ`) with its own step; here it only leaves a log line without the value.
    """
    connection = check_reference(reference, tenant_id, environment)
    found = providers.opened(connection).read(reference, tenant_id)
    log.info("vault.secret_read", connection=str(connection.pk), secret_name=reference.secret_name, actor=actor.label)
    return found


def write_secret(
    reference: SecretReference,
    text: str | SecretText,
    *,
    tenant_id: UUID,
    environment: str = "",
    expected_version: str | None = None,
    actor: Actor,
) -> str:
    """Put a value into the vault as a new version, and return the version's name.

    The network first, then a short transaction with the record, of a failure as well. Raises as `read_secret` does,
    and `VersionConflict` when `expected_version` is not the newest.
    """
    connection = check_reference(reference, tenant_id, environment)
    put = providers.opened(connection).write
    return _put(put, connection, reference, text, tenant_id=tenant_id, expected_version=expected_version, actor=actor)


def stage_secret(
    reference: SecretReference,
    text: str | SecretText,
    *,
    tenant_id: UUID,
    environment: str = "",
    expected_version: str | None = None,
    actor: Actor,
) -> str:
    """As `write_secret`, but a vault with staging hands it out to nobody before `promote_secret`."""
    connection = check_reference(reference, tenant_id, environment)
    put = providers.opened(connection).stage
    return _put(put, connection, reference, text, tenant_id=tenant_id, expected_version=expected_version, actor=actor)


def promote_secret(
    reference: SecretReference,
    version: str,
    *,
    tenant_id: UUID,
    environment: str = "",
    expected_version: str | None = None,
    actor: Actor,
) -> None:
    """Put a staged version in use, if it is not. Raises as `write_secret` does; recorded where a vault has staging."""
    connection = check_reference(reference, tenant_id, environment)
    vault = providers.opened(connection)
    note = partial(_note, VaultEvent.SECRET_PROMOTED, connection, reference, tenant_id=tenant_id, actor=actor)
    try:
        vault.promote(reference, version, tenant_id, expected_version)
    except VaultError as error:
        note(outcome=Outcome.FAILURE, reason=error.message, code=error.code, version=version)
        raise
    if vault.is_staging:
        note(outcome=Outcome.SUCCESS, reason="", version=version)


def newest_version(reference: SecretReference, tenant_id: UUID, environment: str = "") -> str:
    """The version that the next write is to expect, `"0"` where there is none. Uses the network."""
    connection = check_reference(reference, tenant_id, environment)
    return providers.opened(connection).newest(reference, tenant_id)


def staged_version(reference: SecretReference, tenant_id: UUID, environment: str = "") -> str:
    """The version that waits for `promote_secret`, else the newest; `"0"` where there is none. Uses the network."""
    connection = check_reference(reference, tenant_id, environment)
    return providers.opened(connection).staged(reference, tenant_id)


def list_versions(reference: SecretReference, tenant_id: UUID, environment: str = "") -> list[Version]:
    """The versions of a secret, the newest first, without a value. Uses the network; raises as `read_secret` does."""
    connection = check_reference(reference, tenant_id, environment)
    return providers.opened(connection).versions(reference, tenant_id)


def destroy_secret(
    reference: SecretReference, *, tenant_id: UUID, environment: str = "", actor: Actor, reason: str = ""
) -> Ended:
    """End one version, or the secret where the reference names none; the answer says how final that is.

    The network first, then the record, of a failure as well. Raises as `Vault.destroy` does.
    """
    connection = check_reference(reference, tenant_id, environment)
    note = partial(_note, VaultEvent.SECRET_DESTROYED, connection, reference, tenant_id=tenant_id, actor=actor)
    version = reference.version or "all"
    try:
        ended = providers.opened(connection).destroy(reference, tenant_id)
    except VaultError as error:
        note(outcome=Outcome.FAILURE, reason=error.message, code=error.code, version=version)
        raise
    note(outcome=Outcome.SUCCESS, reason=reason, ended=ended.value, version=version)
    return ended


def probe(connection: VaultConnection) -> None:
    """Ask the vault whether it can be used now; raises a `VaultError` that says why not. Reads no secret."""
    providers.opened(connection).probe()


def examine(connection: VaultConnection) -> diagnosis.Diagnosis:
    """Test a connection step by step, from the name to the right to read; raises nothing a vault can do."""
    try:
        probe(connection)
    except VaultError as error:
        return diagnosis.of(error)
    return diagnosis.of(None)


@sensitive_variables("text", "value")
def _put(
    put: Callable[[SecretReference, SecretText, UUID, str | None], str],
    connection: VaultConnection,
    reference: SecretReference,
    text: str | SecretText,
    *,
    tenant_id: UUID,
    expected_version: str | None,
    actor: Actor,
) -> str:
    value = text if isinstance(text, SecretText) else SecretText(text)
    note = partial(_note, VaultEvent.SECRET_WRITTEN, connection, reference, tenant_id=tenant_id, actor=actor)
    try:
        version = put(reference, value, tenant_id, expected_version)
    except VaultError as error:
        note(outcome=Outcome.FAILURE, reason=error.message, code=error.code)
        raise
    note(outcome=Outcome.SUCCESS, reason="", version=version)
    return version


def _note(
    event: VaultEvent,
    connection: VaultConnection,
    reference: SecretReference,
    *,
    tenant_id: UUID,
    actor: Actor,
    outcome: Outcome,
    reason: str,
    **details: str,
) -> None:
    with transaction.atomic():
        audit.record(
            event,
            actor=actor,
            subject=subject_of(connection),
            tenant_id=tenant_id,
            outcome=outcome,
            reason=reason,
            details={"secret_name": reference.secret_name, **details},
        )
