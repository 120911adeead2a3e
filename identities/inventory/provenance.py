"""Where each fact of an identity came from, and what an import may therefore write. Pure (S3-20).

`{member: {"origin": "edited" | "imported" | "derived", "source": "aws/644160558196" | "", "at": iso, "by": label}}`.
A member that is not named was never said: it holds its default. Rows older than this form hold `{"source": "portal"}`:
all that stands on them was written by hand.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from identities.inventory.vocabulary import Origin

Provenance = Mapping[str, object]
_ENTERED_BY_HAND = "portal"
_NOTHING: tuple[object, ...] = (None, "", [], {}, ())


def marked(
    provenance: Provenance, members: Iterable[str], *, origin: Origin, at: datetime, by: str, source: str = ""
) -> dict[str, object]:
    """`provenance` with `members` said by `origin`; the rest as it was."""
    said = {"origin": origin.value, "source": source, "at": at.isoformat(), "by": by}
    return {**provenance, **{member: dict(said) for member in members}}


def origin_of(provenance: Provenance, member: str) -> Origin | None:
    """Where the member's value came from; None where nobody said it."""
    entry = provenance.get(member)
    if isinstance(entry, Mapping) and entry.get("origin") in Origin:
        return Origin(str(entry["origin"]))
    return None


def source_of(provenance: Provenance, member: str) -> str:
    """The source that said the member's value, empty where none did."""
    entry = provenance.get(member)
    return str(entry.get("source") or "") if isinstance(entry, Mapping) else ""


def is_kept(provenance: Provenance, member: str, value: object) -> bool:
    """Does an import have to leave this member alone: was it set by a person (to nothing at all, too)?"""
    origin = origin_of(provenance, member)
    if origin is not None:
        return origin is Origin.EDITED
    return provenance.get("source") == _ENTERED_BY_HAND and value not in _NOTHING


def entries(provenance: Provenance) -> dict[str, Mapping[str, object]]:
    """The members that somebody said, with who, when and where; without the mark of older rows."""
    return {member: entry for member, entry in provenance.items() if isinstance(entry, Mapping)}
