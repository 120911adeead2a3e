"""What is asked of a person who enters, changes or activates an identity, and never of an import (S3-08, S3-20). Pure.

Every demand is `{member: [message]}`, empty where nothing is missing.
"""

from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import NEVER_ALLOWED, Standards
from identities.inventory.vocabulary import AuthMethod, Issuance, OwnershipClass

Demands = dict[str, list[str]]
NEEDED = ["A vendor identity needs this."]
NOBODY = "A vendor identity needs a person of the tenant here; nobody is known as '{label}'."
ITS_OWN = (
    "It is the account of a service user, which signs in with its password. Migrate it to a managed identity instead."
)
NO_END = ["Say until when it is needed (expiresAt), or when it is looked at again (reviewBy)."]


def of_a_vendor(identity: ManagedIdentity) -> Demands:
    """A vendor's identity has people on our side who answer for it and a way to end it."""
    if identity.ownership_class != OwnershipClass.VENDOR:
        return {}
    missing = {
        "business_owner": identity.business_owner_id is None,
        "technical_owner": identity.technical_owner_id is None,
        "revocation_procedure": not identity.revocation_procedure,
    }
    return {member: _needed(identity, member) for member, is_missing in missing.items() if is_missing}


def of_an_end(identity: ManagedIdentity) -> Demands:
    """Nothing lives for ever unseen: it has an end, or a day on which somebody looks."""
    return {} if identity.expires_at or identity.review_by else {"review_by": NO_END}


def of_an_account(identity: ManagedIdentity) -> Demands:
    """The account of a service user signs in as itself: no secret and no token of an identity stands beside that."""
    is_other = {
        "issuance": identity.issuance != Issuance.EXTERNAL,
        "auth_method": identity.auth_method != AuthMethod.PASSWORD,
    }
    return {member: [ITS_OWN] for member, is_wrong in is_other.items() if is_wrong and identity.account_id is not None}


def of_its_method(identity: ManagedIdentity, standards: Standards) -> Demands:
    """Its way of proving itself is one that the identity policy allows for its kind and tier, or not known yet."""
    method, kind, tier = identity.auth_method, identity.kind, identity.risk_tier
    if standards.allows(method, kind=kind, tier=tier):
        return {}
    if method in NEVER_ALLOWED:
        return {"auth_method": ["An account that people share proves nobody: it is not entered by hand."]}
    allowed = ", ".join((*standards.allowed_methods(kind=kind, tier=tier), AuthMethod.UNKNOWN.value))
    return {"auth_method": [f"The identity policy does not allow this for {kind}, tier {tier}. Allowed: {allowed}."]}


def _needed(identity: ManagedIdentity, member: str) -> list[str]:
    label = getattr(identity, f"{member}_label", "")
    return [NOBODY.format(label=label)] if label else NEEDED
