"""A secret that lies in its vault before there is an identity for it: where the vault fails, nothing was made."""

from dataclasses import dataclass
from uuid import UUID

from django.views.decorators.debug import sensitive_variables

from audit import services as audit
from audit.actors import Actor
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, Delivery
from identities.credentials.secret_format import generate
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import secrets
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText


@dataclass(frozen=True, slots=True)
class Placed:
    """A text that lies in a vault, at this version. It opens nothing until `take_up`."""

    reference: SecretReference
    version: str
    text: SecretText


@sensitive_variables("text")
def place(reference: SecretReference, *, tenant_id: UUID, environment: str, actor: Actor) -> Placed:
    """Put a new text into the vault, for an identity that is about to be made. Call it outside a transaction.

    Raises Invalid for a place that is not to be had, and what the vault raises.
    """
    secrets.check(reference, tenant_id=tenant_id, environment=environment)
    text = SecretText(generate(environment))
    version = vaults.write_secret(reference, text, tenant_id=tenant_id, environment=environment, actor=actor)
    return Placed(reference, version, text)


def take_up(identity: ManagedIdentity, placed: Placed, *, actor: Actor) -> ClientSecret:
    """Make it the secret of `identity`, in the caller's transaction. Raises as `credentials.issue` does."""
    stored_at = {**placed.reference.as_json(), "version": placed.version}
    secret = credentials.issue(
        identity, actor=actor, stored_at=stored_at, delivery=Delivery.VAULT, text=placed.text.reveal()
    ).secret
    subject = credentials.subject_of(secret)
    audit.record(CredentialEvent.STORED, actor=actor, subject=subject, details={"stored_at": stored_at})
    return secret
