"""How long a lease lasts, how often things are tried and how many run at once: the settings, understood.

A lease ends a little under the minute after the last sign of life, so that the sweep (each 5 s) finds a dead worker's
run within 60 s of its death; it is renewed each 15 s, so three renewals may be missed.
"""

from datetime import timedelta

from django.conf import settings

#: A run whose worker died this often is given up as `worker_lost`.
RESUMES = 20
#: A message that nobody took is sent again after this long.
RING_AGAIN = timedelta(seconds=15)
#: A run that must wait its turn is looked at again after this long.
TURN = timedelta(seconds=2)
#: Backoff between attempts never grows past this.
LONGEST_BACKOFF = timedelta(hours=1)
#: While Passport does not answer, a run asks again after 1, 2, 4, 8 … and at most so many seconds.
LONGEST_OUTAGE_PAUSE = timedelta(seconds=15)


def lease() -> timedelta:
    """How long a worker may be silent before its run is taken from it."""
    return timedelta(seconds=settings.RUN_LEASE_SECONDS)


def heartbeat() -> timedelta:
    """How often a worker renews the lease of the run it works on."""
    return timedelta(seconds=settings.RUN_HEARTBEAT_SECONDS)


def deadline() -> timedelta:
    """How long a run may take from its first start (or may wait for it) before it is `expired`: pauses and retries
    included, so it is longer than the longest of either."""
    return timedelta(seconds=settings.RUN_DEADLINE_SECONDS)


def schedules_per_tenant() -> int:
    """How many schedules one tenant may have."""
    return int(settings.SCHEDULES_PER_TENANT)


def runs_per_tenant() -> int:
    """How many runs of one tenant are worked on at once."""
    return int(settings.RUNS_PER_TENANT)


def runs_per_identity() -> int:
    """How many runs of one managed identity are worked on at once."""
    return int(settings.RUNS_PER_IDENTITY)
