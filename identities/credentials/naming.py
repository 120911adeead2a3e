"""A secret or a key of ours as the audit names it, and the facts that every record of one carries."""

from audit.actors import Subject
from identities.credentials.models import ClientKey, ClientSecret

Credential = ClientSecret | ClientKey


def subject_of(credential: Credential) -> Subject:
    """By its identity, and the last characters of a secret or the key's name."""
    identity = credential.identity
    return Subject(
        kind="credential", id=str(credential.pk), label=f"{identity.name} {credential}", tenant_id=identity.tenant_id
    )


def details(credential: Credential) -> dict[str, object]:
    """Whose it is and which; never the text of a secret."""
    identity = credential.identity
    found: dict[str, object] = {
        "identity_id": str(identity.pk),
        "identity": identity.name,
        "client_id": identity.client_id,
        "hint": hint(credential),
    }
    return found | ({"stored_at": credential.stored_at} if isinstance(credential, ClientSecret) else {"kind": "key"})


def hint(credential: Credential) -> str:
    """What a person knows it by: the last characters of a secret, the id of a key."""
    return credential.hint if isinstance(credential, ClientSecret) else credential.kid
