"""Was anybody listening at the token endpoint? Silence is evidence only while somebody was.

A process that serves tokens says so about once a minute, in the transaction that writes what it has seen: where its
marks cannot be written, it does not say so either.
"""

import time
from datetime import datetime

from django.utils import timezone

from identities.credentials.models import Listening
from identities.inventory import usage

SECONDS = 45.0


class _Said:
    """What this process has to say with the next flush; nothing, unless it serves tokens."""

    def __init__(self) -> None:
        self.is_serving = False
        self._again = 0.0

    def take(self) -> datetime | None:
        if not self.is_serving or time.monotonic() < self._again:
            return None
        self._again = time.monotonic() + SECONDS
        return timezone.now()

    def write(self, at: datetime | None) -> None:
        if at is not None and not Listening.objects.filter(pk=1, until__gte=at).exists():
            Listening.objects.update_or_create(pk=1, defaults={"until": at})

    def put_back(self, at: datetime | None) -> None:
        if at is not None:
            self._again = 0.0


_said = _Said()
usage.write_along(_said)


def begin() -> None:
    """This process serves the token endpoint from now on, and says so until it ends."""
    _said.is_serving = True
    usage.keep_beating()


def until() -> datetime | None:
    """Until when every use that somebody saw is written down; None where nobody ever listened here. One query."""
    return Listening.objects.values_list("until", flat=True).first()
