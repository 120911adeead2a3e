"""LeakFact: what the rules may know of a leaked secret. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LeakFact:
    """A secret of ours that worked when it was reported as leaked; where it was found, and what was done about it."""

    secret_id: UUID
    hint: str
    created_at: datetime
    reported_at: datetime
    action: str
    source: str = ""
    place: str = ""
    is_live: bool = False
