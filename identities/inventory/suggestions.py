"""Which risk tier and which credential fit an identity, with a reason each (S4-05). Pure; never set silently."""

from typing import NamedTuple, Protocol

from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Criticality,
    Function,
    Kind,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    TrustBoundary,
)

SENSITIVE = ("personal", "pii", "financial", "customer", "confidential", "restricted", "secret", "health", "regulated")
WIDE = (BlastRadius.PRIVILEGED, BlastRadius.HUMAN_IMPERSONATING)
HIGH = (PrivilegeLevel.HIGH, PrivilegeLevel.ADMIN)


class Described(Protocol):
    """What is read of an identity; its row has all of it."""

    @property
    def kind(self) -> str: ...
    @property
    def ownership_class(self) -> str: ...
    @property
    def function(self) -> str: ...
    @property
    def trust_boundary(self) -> str: ...
    @property
    def blast_radius(self) -> str: ...
    @property
    def privilege_level(self) -> str: ...
    @property
    def data_classification(self) -> str: ...
    @property
    def business_criticality(self) -> str: ...
    @property
    def internet_exposed(self) -> bool: ...


class Suggestion(NamedTuple):
    """A value of the vocabulary ("" where too little is known) and why it fits, in a sentence."""

    value: str
    reason: str


def suggest_tier(of: Described) -> Suggestion:
    """The risk tier that its function, boundary, reach and data speak for."""
    if grave := _grave(of):
        return Suggestion(RiskTier.HIGH.value, f"High, because {_joined(grave)}.")
    if not (of.blast_radius or of.privilege_level):
        return Suggestion("", "Say how far its harm would go (blast radius or privilege), and a tier can be suggested.")
    if some := _notable(of):
        return Suggestion(RiskTier.MEDIUM.value, f"Medium, because {_joined(some)}.")
    return Suggestion(RiskTier.LOW.value, "Low, because it reads only or may do little, and stays inside the house.")


def suggest_auth_methods(of: Described) -> list[Suggestion]:
    """The credential types that fit, best first; never a static key, never a password.

    The account of a service user has its password and no choice: another identity in its place has one.
    """
    if getattr(of, "account_id", None) is not None:
        return []
    fitting = {
        AuthMethod.AGENT_BROKER: _why_broker(of),
        AuthMethod.OAUTH_DELEGATED: _why_delegated(of),
        AuthMethod.FEDERATED: _why_federated(of),
        AuthMethod.MTLS: _why_mtls(of),
        AuthMethod.VAULT_DYNAMIC: _why_vault(of),
    }
    return [Suggestion(method.value, reason) for method, reason in fitting.items() if reason]


def _why_broker(of: Described) -> str:
    decides = of.kind == Kind.AI_AGENT or of.function == Function.DECIDE
    return "It decides for itself, so each call wants a grant of its own: scoped, short and watched." if decides else ""


def _why_delegated(of: Described) -> str:
    if of.blast_radius == BlastRadius.HUMAN_IMPERSONATING:
        return "It acts for people: delegated OAuth shows for whom, and ends when they say so."
    return "A third party is on the other side: consent is scoped and can be withdrawn." if _is_vendors(of) else ""


def _why_federated(of: Described) -> str:
    if _is_vendors(of):
        return ""
    if of.function in (Function.BUILD, Function.DEPLOY):
        return "Its pipeline can prove each job by itself: no secret is kept anywhere."
    return "Its platform can prove what it is: a token for minutes, and no secret to keep or rotate."


def _why_mtls(of: Described) -> str:
    is_worth_it = of.trust_boundary == TrustBoundary.REGULATED_DATA or of.blast_radius == BlastRadius.PRIVILEGED
    return "It is worth a key bound to its machine: a stolen token alone opens nothing." if is_worth_it else ""


def _why_vault(of: Described) -> str:
    if of.kind == Kind.DATABASE_USER:
        return "A vault makes a database user for each use and removes it afterwards."
    return "Where none of these is to be had: a vault issues the secret for hours, not for years."


def _grave(of: Described) -> list[str]:
    radius, level = of.blast_radius, of.privilege_level
    is_outside = of.internet_exposed or of.trust_boundary == TrustBoundary.INTERNET_EXPOSED
    return [
        reason
        for applies, reason in (
            (radius == BlastRadius.PRIVILEGED, "it is privileged where it works"),
            (radius == BlastRadius.HUMAN_IMPERSONATING, "it can act as a person"),
            (level in HIGH, f"its privilege level is {level}"),
            (of.trust_boundary == TrustBoundary.REGULATED_DATA, "it reaches regulated data"),
            (of.business_criticality == Criticality.CRITICAL, "the business stands still without it"),
            (is_outside and radius != BlastRadius.READ_ONLY, "the internet can reach it and it does more than read"),
            (_is_sensitive(of) and radius == BlastRadius.WRITE_LIMITED, f"it writes {of.data_classification} data"),
        )
        if applies
    ]


def _notable(of: Described) -> list[str]:
    return [
        reason
        for applies, reason in (
            (of.blast_radius == BlastRadius.WRITE_LIMITED, "it writes"),
            (of.privilege_level == PrivilegeLevel.MEDIUM, "its privilege level is medium"),
            (of.function in (Function.DEPLOY, Function.DECIDE), f"what it does is to {of.function}"),
            (_is_vendors(of), "a third party is involved"),
            (of.internet_exposed or of.trust_boundary == TrustBoundary.INTERNET_EXPOSED, "the internet can reach it"),
            (of.business_criticality == Criticality.HIGH, "the business leans on it"),
            (_is_sensitive(of), f"it reads {of.data_classification} data"),
        )
        if applies
    ]


def _is_vendors(of: Described) -> bool:
    return (
        of.trust_boundary == TrustBoundary.THIRD_PARTY_SAAS
        or of.kind == Kind.SAAS_CONNECTOR
        or of.ownership_class == OwnershipClass.VENDOR
    )


def _is_sensitive(of: Described) -> bool:
    said = of.data_classification.lower()
    return any(word in said for word in SENSITIVE)


def _joined(reasons: list[str]) -> str:
    return reasons[0] if len(reasons) == 1 else f"{', '.join(reasons[:-1])} and {reasons[-1]}"
