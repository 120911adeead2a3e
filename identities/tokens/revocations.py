"""What was stopped before its time, as a list this process holds in memory and reads again every two seconds."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from identities.errors import Unavailable
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.tokens import settings
from identities.tokens.models import IssuedToken

REFRESH_SECONDS = 2.0
LONGEST_AGE_SECONDS = 4.0
MARGIN = timedelta(minutes=2)


@dataclass(frozen=True)
class Snapshot:
    """Revoked tokens that have not ended, identities stopped at an instant, identities that are not active now."""

    tokens: frozenset[uuid.UUID] = frozenset()
    epochs: dict[uuid.UUID, float] = field(default_factory=dict)
    stopped: frozenset[uuid.UUID] = frozenset()


def stopped_identities(at: datetime, since: datetime) -> Q:
    """Identities that were stopped after `since` by a kill, a change of state or their own end."""
    inactive = ~Q(state=State.ACTIVE.value) & Q(state_changed_at__gte=since)
    ended = Q(expires_at__lte=at, expires_at__gte=since)
    return Q(tokens_revoked_at__gte=since) | inactive | ended


def read_snapshot(at: datetime, since: datetime | None = None) -> Snapshot:
    """Two small reads of what a token not yet past its end could be stopped by, from `since` on where it is given."""
    oldest = at - settings.longest_lifetime() - MARGIN
    since = oldest if since is None else max(since, oldest)
    revoked = IssuedToken.objects.filter(revoked_at__gte=since, expires_at__gt=at)
    tokens = revoked.values_list("jti", flat=True)
    rows = ManagedIdentity.objects.filter(stopped_identities(at, since)).values_list(
        "id", "state", "tokens_revoked_at", "expires_at"
    )
    epochs: dict[uuid.UUID, float] = {}
    stopped: set[uuid.UUID] = set()
    for identity, state, epoch, ends in rows:
        if epoch is not None:
            epochs[identity] = epoch.timestamp()
        if state != State.ACTIVE.value or (ends is not None and ends <= at):
            stopped.add(identity)
    return Snapshot(frozenset(tokens), epochs, frozenset(stopped))


def is_back(identity_id: uuid.UUID, at: datetime) -> bool:
    """Whether an identity that the list has as stopped is active again: asked only of those, so nobody waits for it."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    return ManagedIdentity.objects.filter(alive, id=identity_id, state=State.ACTIVE.value).exists()


class RevocationCache:
    """Answers `is_revoked` from memory. One thread reads at a time; the others go on with a list at most 4 s old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._read_at = float("-inf")

    def is_revoked(self, jti: uuid.UUID, identity_id: uuid.UUID, issued_at: int) -> bool:
        """Whether a token issued at `issued_at` (seconds) to the identity was stopped. Within five seconds of the stop.

        Raises Unavailable rather than answer from an older list: an outage never lets a stopped token through.
        """
        snapshot = self._fresh()
        epoch = snapshot.epochs.get(identity_id)
        if jti in snapshot.tokens or (epoch is not None and issued_at <= epoch):
            return True
        return identity_id in snapshot.stopped and not is_back(identity_id, timezone.now())

    def forget(self) -> None:
        """Read the list again before the next answer."""
        self._read_at = float("-inf")

    def _fresh(self) -> Snapshot:
        age = time.monotonic() - self._read_at
        if age < REFRESH_SECONDS:
            return self._snapshot
        if self._lock.acquire(blocking=age >= LONGEST_AGE_SECONDS):
            try:
                if time.monotonic() - self._read_at >= REFRESH_SECONDS:
                    self._read()
            finally:
                self._lock.release()
        return self._snapshot

    def _read(self) -> None:
        started = time.monotonic()
        try:
            snapshot = read_snapshot(timezone.now())
        except DatabaseError:
            if started - self._read_at < LONGEST_AGE_SECONDS:
                return
            raise Unavailable("Whether the token still holds cannot be asked now.", code="unavailable") from None
        self._snapshot, self._read_at = snapshot, started


revocations = RevocationCache()
