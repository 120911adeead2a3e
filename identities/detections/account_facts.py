"""AccountFact: what the rules may know of the account of a service user. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountFact:
    """The account of a service user that the row stands for; `failing_since`: its session cannot be refreshed."""

    email: str
    is_agent: bool = True
    is_active: bool = True
    failing_since: datetime | None = None
    failing_reason: str = ""
