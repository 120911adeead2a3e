"""When an identity may serve several workloads: low tier, and it merely reads (S4-86). Pure."""

from collections.abc import Iterable

from identities.inventory.vocabulary import RiskTier

LOW_ONLY = "Only an identity of low risk tier may be shared."
READ_ONLY = "Only an identity that merely reads may be shared; its roles permit more"


def refusal(risk_tier: str, permissions: Iterable[str]) -> str:
    """Why an identity of this tier with these permissions may not be shared; empty where it may."""
    if risk_tier != RiskTier.LOW:
        return LOW_ONLY
    more = sorted({name for name in permissions if not name.endswith(".read")})
    return f"{READ_ONLY}: {', '.join(more)}." if more else ""
