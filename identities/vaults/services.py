"""Registering vaults, and reading and writing through them; nothing else reaches a vault."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from audit import changes as changes_of, services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities.errors import Conflict, Invalid, Missing
from identities.events import VaultEvent
from identities.vaults import diagnosis, providers, registration, selectors, separation
from identities.vaults.base import Ended, Version
from identities.vaults.failures import VaultError
from identities.vaults.local import DEFAULT_URI
from identities.vaults.models import LocalSecret, VaultConnection
from identities.vaults.references import SecretReference, normal_uri
from identities.vaults.secret_text import SecretText

log = structlog.get_logger(__name__)


@sensitive_variables("settings", "credential", "planned")
def connect(
    *,
    tenant_id: UUID,
    name: str,
    provider: str,
    vault_uri: str,
    environment: str = "",
    settings: Mapping[str, Any] | None = None,
    credential: str | SecretText | None = None,
    may_use_deployment: bool = False,
    actor: Actor,
) -> VaultConnection:
    """Register a vault, so that references of this tenant may name it (issue of a free URL: S1-18, S3-29).

    The credential comes as `credential` or as the provider's own member of `settings` (`token`); it is sealed and never
    given back. `may_use_deployment` says that the actor is a platform administrator, who alone may point at a variable
    of the deployment, or at a private or loopback address outside of STEWARD_OUTBOUND_PRIVATE_ALLOW. Nothing is asked
    of the vault itself: `examine` does that. Raises `Invalid`, `Conflict`.
    """
    planned = registration.plan(
        name=name,
        provider=provider,
        vault_uri=vault_uri,
        environment=environment,
        settings=settings or {},
        credential=credential,
        may_use_deployment=may_use_deployment,
    )
    registration.check_deployment(planned, may_use_deployment=may_use_deployment)
    connection = VaultConnection(tenant_id=tenant_id, provider=provider)
    planned.put_into(connection)
    with transaction.atomic():
        separation.check(connection)
        _save(connection)
        audit.record(
            VaultEvent.CONNECTED,
            actor=actor,
            subject=subject_of(connection),
            changes=changes_of.between({}, registration.facts(connection)),
        )
    return connection


@sensitive_variables("settings", "credential", "planned")
def change_connection(
    connection: VaultConnection,
    *,
    name: str | None = None,
    vault_uri: str | None = None,
    environment: str | None = None,
    settings: Mapping[str, Any] | None = None,
    credential: str | SecretText | None = None,
    may_use_deployment: bool = False,
    actor: Actor,
) -> VaultConnection:
    """Change what is given; `settings` replaces them whole and keeps a credential that is not given anew.

    A new address wants its credential given again: the old one was entrusted to the old address (Invalid otherwise).
    So do a new mount, prefix or namespace from anybody who may not use the deployment.
    """
    with transaction.atomic():
        held = _locked(connection)
        before = registration.facts(held)
        planned = registration.plan(
            name=held.name if name is None else name,
            provider=held.provider,
            vault_uri=held.vault_uri if vault_uri is None else vault_uri,
            environment=held.environment if environment is None else environment,
            settings=held.settings if settings is None else settings,
            credential=credential,
            held=held,
            may_use_deployment=may_use_deployment,
        )
        if settings is not None or vault_uri is not None:
            registration.check_deployment(planned, may_use_deployment=may_use_deployment)
        planned.put_into(held)
        changes = changes_of.between(before, registration.facts(held))
        if planned.credential:
            changes["credential_status"] = {
                "previous": "set" if before["has_credential"] else None,
                "current": "replaced",
            }
        separation.check(held)
        _save(held)
        audit.record(VaultEvent.CHANGED, actor=actor, subject=subject_of(held), changes=changes)
    return held


def remove_connection(connection: VaultConnection, *, actor: Actor, reason: str = "") -> None:
    """Forget a vault; references that name it stop resolving. Conflict while it holds values of ours."""
    with transaction.atomic():
        held = _locked(connection)
        values = LocalSecret.objects.filter(connection=held)
        if values.exclude(ciphertext="").exists():
            raise Conflict("This vault still holds secrets", code="vault_not_empty")
        values.delete()
        subject, before = subject_of(held), registration.facts(held)
        held.delete()
        changes = changes_of.between(before, {})
        audit.record(VaultEvent.REMOVED, actor=actor, subject=subject, reason=reason, changes=changes)


def ensure_default() -> VaultConnection:
    """`local://default`, there from the start: it serves every tenant and, naming none, every environment.

    Part of the set-up, as the tables are: nobody did it, so nothing is recorded.
    """
    found = VaultConnection.objects.filter(tenant=None, vault_uri=DEFAULT_URI).first()
    if found:
        return found
    connection = VaultConnection(name="Steward's own vault", provider="local", vault_uri=DEFAULT_URI)
    try:
        with transaction.atomic():
            connection.save(force_insert=True)
    except IntegrityError:  # another process was first
        return VaultConnection.objects.get(tenant=None, vault_uri=DEFAULT_URI)
    return connection


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


def subject_of(connection: VaultConnection) -> Subject:
    """The connection as the audit names it."""
    return Subject("vault_connection", str(connection.pk), connection.name, connection.tenant_id)


def _locked(connection: VaultConnection) -> VaultConnection:
    held = VaultConnection.objects.select_for_update().filter(pk=connection.pk).first()
    if held is None:
        raise Missing("There is no such vault connection")
    if held.tenant_id is None:
        raise Conflict("Steward's own vault is always there and stays as it is", code="vault_built_in")
    return held


def _save(connection: VaultConnection) -> None:
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError:
        raise Conflict(
            "There is already a vault connection with this name, or with this address and environment",
            code="vault_connection_exists",
        ) from None


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
