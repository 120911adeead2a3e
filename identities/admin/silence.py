"""What speaks for a dormant identity being dead, and what for its being a forgotten dependency (S3-25)."""

from collections.abc import Sequence
from datetime import datetime

from identities.admin.parts import Fact, Facts, Lines, Quiet
from identities.admin.wording import words
from identities.credentials.models import ExternalCredential
from identities.credentials.selectors import live_secrets
from identities.inventory import rhythm
from identities.inventory.dependencies.base import Dependency, Direction, kinds
from identities.inventory.dormancy import Use
from identities.inventory.models import ManagedIdentity

SHOWN = 6
#: What it did lately says nothing of one that is silent, and its secrets are counted here.
NOT_ASKED = frozenset({"audience", "resource", "secret"})


def silence_of(identity: ManagedIdentity, use: Use, *, at: datetime) -> Facts:
    """Both stories with their evidence; the decision is a person's."""
    asked = [kinds[kind]() for kind in sorted(kinds) if kind not in NOT_ASKED]
    needing = [one for source in asked for one in source.of(identity) if one.direction is Direction.DOWNSTREAM]
    dead, needed = _for_dead(identity, needing, at), _for_needed(identity, needing, at)
    advice = "Dormancy alone disables nothing: look at both sides, ask its owner, then decide."
    return Facts(
        "Dead, or forgotten and about to fail?",
        [
            Fact("Speaks for dead", _side(dead), wide=True),
            Fact("Speaks for a forgotten dependency", _side(needed), wide=True),
        ],
        f"{_silence(identity, use, at)} {advice}",
    )


def _side(said: Sequence[str]) -> object:
    return Lines(said) if said else Quiet("Nothing that is known.")


def _silence(identity: ManagedIdentity, use: Use, at: datetime) -> str:
    heard = identity.last_used_at or identity.created_at
    verb = "Not used" if identity.last_used_at else "Never used, and made"
    silent = rhythm.span(int((at - heard).total_seconds()))
    allowed = rhythm.span(int(use.cadence.allowed.total_seconds()))
    tail = f"for {silent}" if identity.last_used_at else f"{silent} ago"
    return f"{verb} {tail}; {allowed} would be normal."


def _for_dead(identity: ManagedIdentity, needing: Sequence[Dependency], at: datetime) -> list[str]:
    said = []
    if identity.last_used_at is None:
        said.append("It was never used.")
    if not needing:
        said.append("Nothing known depends on it.")
    if identity.unreported_since is not None:
        said.append(f"Its source has not reported it since {identity.unreported_since:%d %b %Y}.")
    if identity.expires_at is not None and identity.expires_at <= at:
        said.append(f"Its purpose ended on {identity.expires_at:%d %b %Y}.")
    if identity.is_orphaned:
        said.append("Nobody, or no team, or no ticket stands behind it.")
    if not identity.is_enabled:
        said.append(f"It is {identity.state}, and nobody has complained so far.")
    return said


def _for_needed(identity: ManagedIdentity, needing: Sequence[Dependency], at: datetime) -> list[str]:
    said = [f"{words(one.kind)} {one.label}: {one.detail or 'needs it'}" for one in needing[:SHOWN]]
    if len(needing) > SHOWN:
        said.append(f"{len(needing) - SHOWN} more that need it.")
    secrets = live_secrets(identity, at).count()
    if secrets:
        said.append(f"It still has {_counted(secrets, 'live secret')} of ours: whoever holds one can come back.")
    others = ExternalCredential.objects.filter(identity=identity, is_active=True, gone_at=None).count()
    if others:
        said.append(f"It still has {_counted(others, 'live credential')} that others issued.")
    if identity.customer_facing:
        said.append("Customers depend on what it does.")
    if identity.business_criticality in ("high", "critical"):
        said.append(f"Its failure would cost the business: criticality {identity.business_criticality}.")
    if identity.downstream_systems:
        systems = ", ".join(str(system) for system in identity.downstream_systems[:SHOWN])
        said.append(f"It is said to serve {systems}.")
    return said


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
