"""What is left to do after a stop, line by line: pure arithmetic on what is known of the identity (S3-67)."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from identities.inventory.vocabulary import RiskTier
from identities.lifecycle.evidence.base import Readable
from identities.lifecycle.models import LineKind

MOST_STEPS = 50
#: How long each line may take, by risk tier.
CLOCKS = {
    RiskTier.HIGH.value: timedelta(hours=1),
    RiskTier.MEDIUM.value: timedelta(hours=4),
    RiskTier.LOW.value: timedelta(hours=24),
}
UNWRITTEN = (
    "Nobody wrote down how it is revoked: end it where it is issued, and write the steps into its revocation procedure."
)
_MARK = re.compile(r"^\s*(?:\(?\d{1,2}[.):]\s+|[-*•–]\s+|\[[ xX]?\]\s*)")
_INLINE = re.compile(r"(?:^|(?<=[\s.;,]))\(?\d{1,2}[.)]\s+")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do. `about` names what it concerns; while a required one is open, the stop is not complete."""

    kind: LineKind
    text: str
    about: dict[str, str] = field(default_factory=dict)
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """A credential of its own that was alive."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Dependent:
    """A secret that it could read, and whose it is, where that is known."""

    secret: Readable
    holder_id: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the lines are made of; instants as text, for they are shown."""

    is_external: bool = False
    procedure: str = ""
    trust_source: str = ""
    credentials: Collection[Own] = ()
    readable: Collection[Dependent] = ()
    systems: Collection[str] = ()
    residual_until: datetime | None = None


def steps_of(procedure: str) -> list[str]:
    """A procedure as its steps: one a line, or one a number where all stands in one line; at most fifty."""
    rows = [row for row in procedure.splitlines() if row.strip()]
    if len(rows) == 1:
        numbered = [part for part in _INLINE.split(rows[0]) if part.strip()] if _MARK.match(rows[0]) else []
        rows = numbered if len(numbered) > 1 else re.split(r";\s+|\s+(?:→|->)\s+", rows[0])
    steps = [step for row in rows if (step := _MARK.sub("", row).strip().rstrip(";").strip())]
    return steps if len(steps) <= MOST_STEPS else [*steps[: MOST_STEPS - 1], " · ".join(steps[MOST_STEPS - 1 :])]


def due_at(tier: str, called_at: datetime) -> datetime:
    """By when a line is to be done; an unknown tier is in the greatest hurry."""
    return called_at + CLOCKS.get(tier, CLOCKS[RiskTier.HIGH.value])


def lines(known: Known) -> list[Line]:
    """The runbook, in the order in which it is worked through: the far side first where the identity is not ours."""
    return [*_procedure(known), *_trust(known), *_own(known), *_dependent(known.readable), *_downstream(known)]


def _procedure(known: Known) -> Iterator[Line]:
    if known.is_external:
        for step in steps_of(known.procedure) or [UNWRITTEN]:
            yield Line(LineKind.PROCEDURE, step, is_required=True)


def _trust(known: Known) -> Iterator[Line]:
    if source := known.trust_source:
        text = f"Isolate {source}, which vouches for it: what it signs must open nothing else"
        yield Line(LineKind.TRUST_SOURCE, text, {"source": source})


def _own(known: Known) -> Iterator[Line]:
    for one in known.credentials:
        about = {"credential_id": one.id, "credential_kind": one.kind}
        yield Line(
            LineKind.CREDENTIAL, f"Revoke its own {one.name}, unless it is certain that nobody else has it", about
        )


def _dependent(readable: Iterable[Dependent]) -> Iterator[Line]:
    merged: dict[tuple[str, str, str], tuple[Dependent, list[str]]] = {}
    for one in readable:
        place = (one.secret.provider, one.secret.vault_uri, one.secret.secret_name)
        merged.setdefault(place, (one, []))[1].append(one.secret.through)
    for (provider, uri, name), (one, ways) in sorted(merged.items(), key=lambda item: item[0]):
        about = {"provider": provider, "vault_uri": uri, "secret_name": name}
        if one.holder_id:
            about |= {"identity_id": one.holder_id, "identity": one.holder}
        whose = f", the secret of {one.holder}" if one.holder else ""
        through = "; ".join(dict.fromkeys(ways))
        yield Line(LineKind.DEPENDENT_SECRET, f"Rotate {uri}/{name}{whose}: it could read this ({through})", about)


def _downstream(known: Known) -> Iterator[Line]:
    until = known.residual_until
    for system in dict.fromkeys(known.systems):
        about = {"system": system} | ({"until": until.isoformat()} if until else {})
        text = f"{system}: end its sessions and drop what it keeps of the token"
        yield Line(LineKind.DOWNSTREAM, text, about)
