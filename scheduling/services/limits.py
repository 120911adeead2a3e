"""How long a lease lasts, how often things are tried and how many run at once: the settings, understood.

A lease ends 40 s after the last sign of life, so that the sweep (each 5 s) finds a dead worker's run within 60 s of its
death, even where broker or beat are down meanwhile; it is renewed each 10 s, so three renewals may be missed.
"""

from datetime import timedelta

from django.conf import settings

#: A run whose worker died this often is given up as `worker_lost`.
RESUMES = 20
#: A message that nobody took is sent again after this long.
RING_AGAIN = timedelta(seconds=15)
#: A free worker takes a message sooner than this.
TAKEN_AT_ONCE = timedelta(seconds=1)
#: A run that must wait its turn is looked at again after this long.
TURN = timedelta(seconds=2)
#: Backoff between attempts never grows past this.
LONGEST_BACKOFF = timedelta(hours=1)
#: While Passport or a vault does not answer, a run asks again after 1, 2, 4, 8 … and at most so many seconds.
LONGEST_OUTAGE_PAUSE = timedelta(seconds=15)
#: So long a vault that does not answer is waited for in the same way; after that the run has failed, and somebody is
#: told: a vault that was taken away for good looks the same.
VAULT_OUTAGE = timedelta(minutes=15)


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


def handed_over() -> int:
    """How many runs the queue is told of before workers have taken them: what a run that comes next waits for."""
    return int(settings.RUNS_HANDED_OVER)
