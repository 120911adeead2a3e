"""Who answers for an identity: the chain technical owner, business owner, deputy, team, and who is left of it. Pure.

Ownerless: nobody active in the chain. Orphaned (S4-08, S3-49): ownerless, or attributed to no team, or to neither a
ticket nor a repository; it is suspect until proven necessary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SUSPECT = "it is suspect until somebody proves it necessary"


@dataclass(frozen=True, slots=True)
class Answerer:
    """One place in the chain that is filled: who stands there, and whether they can answer today.

    `fault` says why they cannot: "has a disabled account", "is matched to no person", "has no active member".
    """

    role: str
    name: str
    fault: str = ""

    @property
    def is_active(self) -> bool:
        return not self.fault


def is_ownerless(chain: Sequence[Answerer]) -> bool:
    """Is nobody left who can answer?"""
    return not any(answerer.is_active for answerer in chain)


def why_ownerless(chain: Sequence[Answerer]) -> str:
    """In a sentence, what became of everybody named in the chain."""
    if not chain:
        return f"Nobody answers for it: it names no owner and no team; {SUSPECT}."
    faults = "; ".join(f"its {answerer.role} {answerer.name} {answerer.fault}" for answerer in chain)
    return f"Nobody answers for it: {faults}; {SUSPECT}."


def is_orphaned(chain: Sequence[Answerer], *, has_team: bool, ticket: str, repository: str) -> bool:
    """Is it attributed to nobody, to no team, or to no ticket and no repository?"""
    return is_ownerless(chain) or not has_team or not (ticket or repository)
