"""From where and when a secret is used: gathered in memory, written with the other marks of use, at most 5 s late."""

import threading
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from identities.credentials.models import ClientSecret, Rotation, RotationState, SecretSource, SecretUse
from identities.inventory import usage
from identities.inventory.prepared import add_up

#: A secret has so many sources of its own; what comes from further ones is counted together.
MOST_SOURCES = 50
KEPT = timedelta(days=30)
_ADDRESS, _AGENT = 64, 200


class Source(NamedTuple):
    """Who came with a secret, as the endpoint saw it: an address, and what the client program says it is."""

    address: str = ""
    user_agent: str = ""

    @classmethod
    def of(cls, address: str, user_agent: str) -> "Source":
        """As it is kept: cut to size, one line, without what no column takes."""
        agent = user_agent[:_AGENT]
        if not agent.isprintable():
            agent = "".join(letter if letter.isprintable() else " " for letter in agent)
        return cls(address[:_ADDRESS], agent)


OTHERS = Source("", "other sources")
UNKNOWN = Source()


@dataclass(slots=True)
class _Mark:
    first: datetime
    last: datetime
    uses: int = 0


@dataclass(slots=True)
class _Seen:
    """What one secret was seen doing since the last flush."""

    sources: dict[Source, _Mark] = field(default_factory=dict)
    minutes: dict[int, int] = field(default_factory=dict)

    def add(self, source: Source, first: datetime, last: datetime, uses: int) -> None:
        mark = self.sources.get(source)
        if mark is None:
            # A flood of names fills no memory: past the limit they are one.
            name = source if len(self.sources) < MOST_SOURCES else OTHERS
            mark = self.sources.setdefault(name, _Mark(first, last))
        mark.uses += uses
        mark.last = max(mark.last, last)
        mark.first = min(mark.first, first)

    def count(self, minute: int, uses: int) -> None:
        self.minutes[minute] = self.minutes.get(minute, 0) + uses


_Taken = dict[UUID, _Seen]


class _Gathered:
    """What was seen since the last flush, by secret. Minutes are counted from the epoch: a small number costs least."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: defaultdict[UUID, _Seen] = defaultdict(_Seen)

    def note(self, secret_id: UUID, source: Source, at: datetime) -> None:
        minute = int(at.timestamp()) // 60
        with self._lock:
            seen = self._seen[secret_id]
            seen.add(source, at, at, 1)
            seen.count(minute, 1)

    def take(self) -> _Taken:
        with self._lock:
            taken, self._seen = self._seen, defaultdict(_Seen)
        return taken

    def put_back(self, taken: _Taken) -> None:
        with self._lock:
            for secret_id, found in taken.items():
                seen = self._seen[secret_id]
                for source, mark in found.sources.items():
                    seen.add(source, mark.first, mark.last, mark.uses)
                for minute, uses in found.minutes.items():
                    seen.count(minute, uses)

    def write(self, taken: _Taken) -> None:
        if taken:
            _write(taken)


_gathered = _Gathered()
usage.write_along(_gathered)


def note(secret_id: UUID, identity_id: UUID, *, source: Source | None, at: datetime) -> None:
    """This secret was used, at `at`, from `source`: a mark on it, on its identity, its source and its minute.

    Costs no query here.
    """
    usage.note_use(ClientSecret, secret_id, at=at)
    usage.note_identity_use(identity_id, at=at)
    _gathered.note(secret_id, source or UNKNOWN, at)


def remove_old(at: datetime, *, limit: int = 50_000) -> int:
    """Forget counts of spans older than `KEPT`, at most `limit`; answers how many. Sources stay with their secret."""
    old = SecretUse.objects.filter(at__lt=at - KEPT).order_by("at").values("pk")[:limit]
    return SecretUse.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _write(taken: _Taken) -> None:
    """A handful of statements, however many secrets were used."""
    overlapping = _overlapping(taken)
    add_up(_spans(taken, overlapping), key=("secret", "at"), sums=("uses",))
    add_up(_rows(taken, overlapping), key=("secret", "address", "user_agent"), sums=("uses",), latest=("last_seen_at",))
    if any(overlapping.values()):
        _wake([secret_id for secret_id, is_one in overlapping.items() if is_one])


def _overlapping(secret_ids: Collection[UUID]) -> dict[UUID, bool]:
    """Those that are there still, each with whether it is one of two in an open rotation."""
    running = Rotation.objects.filter(Q(old=OuterRef("pk")) | Q(new=OuterRef("pk")), ended_at=None)
    rows = ClientSecret.objects.filter(pk__in=secret_ids).order_by()
    return dict(rows.values_list("pk", Exists(running)))


def _spans(taken: _Taken, overlapping: dict[UUID, bool]) -> list[SecretUse]:
    found: Counter[tuple[UUID, int]] = Counter()
    for secret_id, is_one in overlapping.items():
        for minute, uses in taken[secret_id].minutes.items():
            found[secret_id, minute if is_one else minute - minute % 60] += uses
    return [
        SecretUse(secret_id=secret_id, at=datetime.fromtimestamp(60 * minute, UTC), uses=uses)
        for (secret_id, minute), uses in sorted(found.items())
    ]


def _rows(taken: _Taken, overlapping: dict[UUID, bool]) -> list[SecretSource]:
    known = _known(overlapping)
    found: list[SecretSource] = []
    for secret_id in sorted(overlapping):
        fitted = _fitted(taken[secret_id], known.get(secret_id, set()))
        found += [
            SecretSource(
                secret_id=secret_id,
                address=source.address,
                user_agent=source.user_agent,
                first_seen_at=mark.first,
                last_seen_at=mark.last,
                uses=mark.uses,
            )
            for source, mark in sorted(fitted.sources.items(), key=itemgetter(0))
        ]
    return found


def _fitted(seen: _Seen, names: set[Source]) -> _Seen:
    """Its sources, those for which no row is left counted together."""
    fitted = _Seen()
    for source, mark in seen.sources.items():
        name = source if source in names or len(names) < MOST_SOURCES else OTHERS
        names.add(name)
        fitted.add(name, mark.first, mark.last, mark.uses)
    return fitted


def _known(secret_ids: Collection[UUID]) -> dict[UUID, set[Source]]:
    found: dict[UUID, set[Source]] = {}
    rows = SecretSource.objects.filter(secret_id__in=list(secret_ids)).order_by()
    for secret_id, address, user_agent in rows.values_list("secret_id", "address", "user_agent"):
        found.setdefault(secret_id, set()).add(Source(address, user_agent))
    return found


def _wake(secret_ids: Collection[UUID]) -> None:
    """A new one that shows itself for the first time moves its rotation at once."""
    early = (RotationState.ISSUED, RotationState.DISTRIBUTED)
    Rotation.objects.filter(ended_at=None, new_id__in=secret_ids, state__in=early).update(consider_at=timezone.now())
