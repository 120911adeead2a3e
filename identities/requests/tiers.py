"""Which risk tier a request has, and why: the more it asks for, the more people say yes (S4-19, S4-64). Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from identities.access.bundles import RoleBundle
from identities.inventory.suggestions import SENSITIVE
from identities.inventory.vocabulary import BlastRadius, Environment, RiskTier

ORDER = (RiskTier.LOW, RiskTier.MEDIUM, RiskTier.HIGH)
#: Words of a data classification beside those that the register counts as sensitive: write to those is grave (S3-64).
GRAVE_DATA = (*SENSITIVE, "payment", "card", "bank", "salary", "payroll")
#: What governs other identities or the record of them.
PRIVILEGED = frozenset(
    {
        "identity.write",
        "identity.quarantine",
        "credential.rotate",
        "schedule.write",
        "register.import",
        "token.introspect",
        "audit.write_event",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request the tier is computed from. `at_least` is the tier that the identity has already."""

    bundle: RoleBundle
    environment: str
    permissions: Collection[str]
    data_classification: str = ""
    customer_facing: bool = False
    at_least: str = RiskTier.LOW


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, and the tier that it leads to at least."""

    tier: RiskTier
    text: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The tier, which is the highest of its reasons."""

    tier: RiskTier
    reasons: tuple[Reason, ...]


def weigh(asked: Asked) -> Weighed:
    """The tier of `asked` with every reason, the gravest first.

    Monotone: with fewer permissions no tier rises, in production none is lower, more sensitive data lowers none.
    """
    found = sorted(_reasons(asked), key=lambda reason: -ORDER.index(reason.tier))
    return Weighed(tier=found[0].tier, reasons=tuple(found))


def writes(permissions: Collection[str]) -> list[str]:
    """Those of `permissions` that change something, or start what does."""
    return sorted(name for name in permissions if not name.endswith(".read"))


def blast_radius_of(bundle: RoleBundle, permissions: Collection[str]) -> BlastRadius:
    """How far its harm goes, with what is left of the bundle."""
    return bundle.blast_radius if writes(permissions) else BlastRadius.READ_ONLY


def is_grave(data_classification: str) -> bool:
    """Whether the words speak of payments, customers, people or anything else that is regulated."""
    said = data_classification.lower()
    return any(word in said for word in GRAVE_DATA)


def _reasons(asked: Asked) -> Iterator[Reason]:
    yield Reason(asked.bundle.floor, f"The bundle {asked.bundle.label} is of {asked.bundle.floor} tier at least.")
    if asked.at_least != RiskTier.LOW:
        yield Reason(RiskTier(asked.at_least), f"The identity is of {asked.at_least} tier already.")
    if asked.customer_facing:
        yield Reason(RiskTier.HIGH, "Customers depend on it.")
    yield from _by_place(asked)
    yield from _by_permissions(asked)


def _by_place(asked: Asked) -> Iterator[Reason]:
    is_production, writing = asked.environment == Environment.PRODUCTION, writes(asked.permissions)
    if is_production:
        yield Reason(RiskTier.MEDIUM, "It works in production.")
    if is_production and writing and asked.bundle.touches:
        yield Reason(RiskTier.HIGH, f"It writes in production, and works on {asked.bundle.touches}.")
    if not is_grave(asked.data_classification):
        return
    if is_production and writing:
        yield Reason(RiskTier.HIGH, f"It writes in production, where it reaches {asked.data_classification} data.")
    yield Reason(RiskTier.MEDIUM, f"It reaches {asked.data_classification} data.")


def _by_permissions(asked: Asked) -> Iterator[Reason]:
    if writing := writes(asked.permissions):
        yield Reason(RiskTier.MEDIUM, f"It does more than read: {', '.join(writing)}.")
    else:
        yield Reason(RiskTier.LOW, "It only reads.")
    if "secret.read" in asked.permissions:
        yield Reason(RiskTier.MEDIUM, "It reads the value of secrets.")
    if strong := sorted(PRIVILEGED & set(asked.permissions)):
        tier = RiskTier.HIGH if asked.environment == Environment.PRODUCTION else RiskTier.MEDIUM
        yield Reason(tier, f"It governs others: {', '.join(strong)}.")
