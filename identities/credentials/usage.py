"""From where and when a secret or key is used: gathered in memory, written with other marks of use within 5 s."""

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

from audit.scrubbing import MASK, clean_text
from identities.credentials import recognition
from identities.credentials.models import ClientKey, ClientSecret, Rotation, RotationState, SecretSource, SecretUse
from identities.inventory import usage
from identities.statements.prepared import add_up

#: A credential has so many sources of its own; what comes from further ones is counted together.
MOST_SOURCES = 50
KEPT = timedelta(days=30)
_ADDRESS, _AGENT = 64, 200
#: With what a secret of ours begins, as it is, in hex and in Base64; and a token.
_TELLING = ("nhi", "6e6869", "bmhp", "5oaV", "uaGl", "eyJ")


class Source(NamedTuple):
    """Who came with a secret or key, as the endpoint saw it: an address, and what the client program says it is."""

    address: str = ""
    user_agent: str = ""

    @classmethod
    def of(cls, address: str, user_agent: str) -> "Source":
        """As it is kept: cut to size, one line, without what no column takes, and nothing that reads as a secret."""
        agent = user_agent[:_AGENT]
        # Hardly any name has one of these in it, and to look closer takes longer than all the rest.
        if any(mark in agent for mark in _TELLING):
            agent = MASK if recognition.texts(user_agent[: 2 * _AGENT]) else clean_text(agent, _AGENT)
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
    """What one credential was seen doing since the last flush."""

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


_Kind = type[ClientSecret] | type[ClientKey]
_Of = dict[UUID, _Seen]
_Taken = dict[_Kind, _Of]
#: The column of a source and of a use that names the credential.
_COLUMNS: dict[_Kind, str] = {ClientSecret: "secret", ClientKey: "key"}


class _Gathered:
    """What was seen since the last flush, by kind and credential. Minutes are counted from the epoch: small numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = _empty()

    def note(self, kind: _Kind, pk: UUID, source: Source, at: datetime) -> None:
        minute = int(at.timestamp()) // 60
        with self._lock:
            seen = self._seen[kind][pk]
            seen.add(source, at, at, 1)
            seen.count(minute, 1)

    def take(self) -> _Taken:
        with self._lock:
            taken, self._seen = self._seen, _empty()
        return {kind: found for kind, found in taken.items() if found}

    def put_back(self, taken: _Taken) -> None:
        with self._lock:
            for kind, pk, found in [(kind, pk, one) for kind, of in taken.items() for pk, one in of.items()]:
                seen = self._seen[kind][pk]
                for source, mark in found.sources.items():
                    seen.add(source, mark.first, mark.last, mark.uses)
                for minute, uses in found.minutes.items():
                    seen.count(minute, uses)

    def write(self, taken: _Taken) -> None:
        for kind, found in taken.items():
            _write(kind, found)


def _empty() -> dict[_Kind, defaultdict[UUID, _Seen]]:
    # Always in this order: whoever else writes takes the rows in the same one.
    return {kind: defaultdict(_Seen) for kind in _COLUMNS}


_gathered = _Gathered()
usage.write_along(_gathered)


def note(
    credential_id: UUID, identity_id: UUID, *, source: Source | None, at: datetime, kind: _Kind = ClientSecret
) -> None:
    """This secret or key was used, at `at`, from `source`: a mark on it, on its identity, its source and its minute.

    Costs no query here.
    """
    usage.note_use(kind, credential_id, at=at)
    usage.note_identity_use(identity_id, at=at)
    _gathered.note(kind, credential_id, source or UNKNOWN, at)


def marks_of(kind: _Kind, ids: Collection[UUID]) -> Q:
    """Sources, or uses, of these secrets or keys."""
    return Q(**{f"{_COLUMNS[kind]}_id__in": ids})


def remove_old(at: datetime, *, limit: int = 50_000) -> int:
    """Forget counts of spans older than `KEPT`, at most `limit`; answers how many. Sources stay with their secret."""
    old = SecretUse.objects.filter(at__lt=at - KEPT).order_by("at").values("pk")[:limit]
    return SecretUse.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _write(kind: _Kind, taken: _Of) -> None:
    """A handful of statements, however many credentials of this kind were used."""
    column = _COLUMNS[kind]
    overlapping = _overlapping(kind, taken)
    add_up(_spans(column, taken, overlapping), key=(column, "at"), sums=("uses",))
    add_up(
        _rows(kind, taken, overlapping),
        key=(column, "address", "user_agent"),
        sums=("uses",),
        latest=("last_seen_at",),
    )
    if any(overlapping.values()):
        _wake(kind, [pk for pk, is_one in overlapping.items() if is_one])


def _overlapping(kind: _Kind, ids: Collection[UUID]) -> dict[UUID, bool]:
    """Those that are there still, each with whether it is one of two in an open rotation."""
    this = OuterRef("pk")
    is_one = Q(old_key=this) | Q(new_key=this) if kind is ClientKey else Q(old=this) | Q(new=this)
    running = Rotation.objects.filter(is_one, ended_at=None)
    rows = kind.objects.filter(pk__in=ids).order_by()
    return dict(rows.values_list("pk", Exists(running)))


def _spans(column: str, taken: _Of, overlapping: dict[UUID, bool]) -> list[SecretUse]:
    found: Counter[tuple[UUID, int]] = Counter()
    for pk, is_one in overlapping.items():
        for minute, uses in taken[pk].minutes.items():
            found[pk, minute if is_one else minute - minute % 60] += uses
    return [
        SecretUse(**{f"{column}_id": pk}, at=datetime.fromtimestamp(60 * minute, UTC), uses=uses)
        for (pk, minute), uses in sorted(found.items())
    ]


def _rows(kind: _Kind, taken: _Of, overlapping: dict[UUID, bool]) -> list[SecretSource]:
    known = _known(kind, overlapping)
    found: list[SecretSource] = []
    for pk in sorted(overlapping):
        fitted = _fitted(taken[pk], known.get(pk, set()))
        found += [
            SecretSource(
                **{f"{_COLUMNS[kind]}_id": pk},
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


def _known(kind: _Kind, ids: Collection[UUID]) -> dict[UUID, set[Source]]:
    found: dict[UUID, set[Source]] = {}
    rows = SecretSource.objects.filter(marks_of(kind, list(ids))).order_by()
    for pk, address, user_agent in rows.values_list(f"{_COLUMNS[kind]}_id", "address", "user_agent"):
        found.setdefault(pk, set()).add(Source(address, user_agent))
    return found


def _wake(kind: _Kind, ids: Collection[UUID]) -> None:
    """A new one that shows itself for the first time moves its rotation at once."""
    early = (RotationState.ISSUED, RotationState.DISTRIBUTED)
    is_new = Q(new_key_id__in=ids) if kind is ClientKey else Q(new_id__in=ids)
    Rotation.objects.filter(is_new, ended_at=None, state__in=early).update(consider_at=timezone.now())
