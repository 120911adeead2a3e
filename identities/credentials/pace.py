"""The pace at which a credential that outlived its cutover is served: once a minute."""

from datetime import datetime
from uuid import UUID

from identities import throttle

KIND = "old-credential"


def wait(credential_id: UUID, throttled_at: datetime | None) -> int:
    """In how many seconds it may be used again; 0: now, and this is its use of the minute."""
    if throttled_at is None:
        return 0
    count = throttle.hit(KIND, str(credential_id))
    return count.seconds_left if count.number > 1 else 0
