"""From where and when a secret is used: gathered in memory, written with the other marks of use, at most 5 s late."""

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class Source:
    """Who came with a secret, as the endpoint saw it: an address, and what the client program says it is."""

    address: str = ""
    user_agent: str = ""

    @classmethod
    def of(cls, address: str, user_agent: str) -> "Source":
        """As it is kept: cut to size, one line, without what no column takes."""
        agent = "".join(letter if letter.isprintable() else " " for letter in user_agent[:_AGENT])
        return cls(address[:_ADDRESS], agent)


OTHERS = Source("", "other sources")
UNKNOWN = Source()


@dataclass(slots=True)
class _Mark:
    first: datetime
    last: datetime
    uses: int = 0


class _Gathered:
    """What was seen since the last flush."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: dict[tuple[UUID, Source], _Mark] = {}
        self._of_each: Counter[UUID] = Counter()
        self._minutes: Counter[tuple[UUID, datetime]] = Counter()

    def note(self, secret_id: UUID, source: Source, first: datetime, last: datetime, uses: int = 1) -> None:
        with self._lock:
            mark = self._sources.get((secret_id, source))
            if mark is None:
                mark = self._room_for(secret_id, source, _Mark(first, last))
            mark.first, mark.last, mark.uses = min(mark.first, first), max(mark.last, last), mark.uses + uses

    def count(self, secret_id: UUID, minute: datetime, uses: int = 1) -> None:
        with self._lock:
            self._minutes[secret_id, minute] += uses

    def take(self) -> "_Taken":
        with self._lock:
            taken = _Taken(self._sources, self._minutes)
            self._sources, self._of_each, self._minutes = {}, Counter(), Counter()
        return taken

    def put_back(self, taken: "_Taken") -> None:
        for (secret_id, source), mark in taken.sources.items():
            self.note(secret_id, source, mark.first, mark.last, mark.uses)
        for (secret_id, minute), uses in taken.minutes.items():
            self.count(secret_id, minute, uses)

    def write(self, taken: "_Taken") -> None:
        if taken.minutes:
            _write(taken)

    def _room_for(self, secret_id: UUID, source: Source, mark: _Mark) -> _Mark:
        """A flood of names fills no memory: past the limit they are one."""
        if self._of_each[secret_id] >= MOST_SOURCES:
            return self._sources.setdefault((secret_id, OTHERS), mark)
        self._of_each[secret_id] += 1
        self._sources[secret_id, source] = mark
        return mark


@dataclass(frozen=True, slots=True)
class _Taken:
    sources: dict[tuple[UUID, Source], _Mark]
    minutes: Counter[tuple[UUID, datetime]]


_gathered = _Gathered()
usage.write_along(_gathered)


def note(secret_id: UUID, identity_id: UUID, *, source: Source | None, at: datetime) -> None:
    """This secret was used, at `at`, from `source`: a mark on it, on its identity, its source and its minute.

    Costs no query here.
    """
    usage.note_use(ClientSecret, secret_id, at=at)
    usage.note_identity_use(identity_id, at=at)
    _gathered.note(secret_id, source or UNKNOWN, at, at)
    _gathered.count(secret_id, at.replace(second=0, microsecond=0))


def remove_old(at: datetime, *, limit: int = 50_000) -> int:
    """Forget counts of spans older than `KEPT`, at most `limit`; answers how many. Sources stay with their secret."""
    old = SecretUse.objects.filter(at__lt=at - KEPT).order_by("at").values("pk")[:limit]
    return SecretUse.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _write(taken: _Taken) -> None:
    """A handful of statements, however many secrets were used."""
    overlapping = _overlapping({secret_id for secret_id, _ in taken.minutes})
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
    found: Counter[tuple[UUID, datetime]] = Counter()
    for (secret_id, minute), uses in taken.minutes.items():
        if secret_id in overlapping:
            found[secret_id, minute if overlapping[secret_id] else minute.replace(minute=0)] += uses
    return [SecretUse(secret_id=secret_id, at=at, uses=uses) for (secret_id, at), uses in sorted(found.items())]


def _rows(taken: _Taken, overlapping: dict[UUID, bool]) -> list[SecretSource]:
    known = _known(overlapping)
    found: dict[tuple[UUID, str, str], SecretSource] = {}
    for (secret_id, source), mark in taken.sources.items():
        if secret_id not in overlapping:
            continue
        names = known.setdefault(secret_id, set())
        if source not in names and len(names) >= MOST_SOURCES:
            source = OTHERS  # noqa: PLW2901 - counted with the rest
        names.add(source)
        row = found.setdefault(
            (secret_id, source.address, source.user_agent),
            SecretSource(
                secret_id=secret_id,
                address=source.address,
                user_agent=source.user_agent,
                first_seen_at=mark.first,
                last_seen_at=mark.last,
            ),
        )
        row.uses += mark.uses
        row.first_seen_at, row.last_seen_at = min(row.first_seen_at, mark.first), max(row.last_seen_at, mark.last)
    return [found[key] for key in sorted(found)]


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
