"""Registering vaults, changing and removing them; `services` goes through those that there are."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from audit import changes as changes_of, services as audit
from audit.actors import Actor, Subject
from identities.errors import Conflict, Missing
from identities.events import VaultEvent
from identities.vaults import registration, separation
from identities.vaults.local import DEFAULT_URI
from identities.vaults.models import LocalSecret, VaultConnection
from identities.vaults.secret_text import SecretText


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
