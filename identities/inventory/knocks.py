"""Who came with right credentials while an identity was stopped: gathered in memory, written within five seconds."""

import threading
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.utils import timezone

from identities.inventory.models import Knock, ManagedIdentity
from identities.inventory.pulse import Pulse
from identities.inventory.states import State

SECONDS = 2.0
#: A stop has so many sources of its own; what comes from further ones is counted together.
MOST_SOURCES = 100
OTHERS = "other sources"
_ADDRESS, _AGENT = 64, 200


@dataclass(frozen=True, slots=True)
class Source:
    """One caller of one identity in one span of being stopped."""

    identity_id: UUID
    state: str
    since: datetime | None
    address: str
    user_agent: str


@dataclass(slots=True)
class _Mark:
    first: datetime
    last: datetime
    times: int = 1


_lock = threading.Lock()
_marks: dict[Source, _Mark] = {}


def note(
    identity_id: UUID,
    *,
    state: str,
    since: datetime | None = None,
    address: str = "",
    user_agent: str = "",
    at: datetime | None = None,
) -> None:
    """Somebody proved to be `identity_id`, which is in `state` since `since` (silent: since its last move).

    Costs no query here. Call it only after a right proof: a stranger leaves nothing behind.
    """
    moment = at or timezone.now()
    source = Source(identity_id, str(state), since, address[:_ADDRESS], user_agent.replace("\x00", "")[:_AGENT])
    with _lock:
        mark = _marks.get(source)
        if mark is None:
            _marks[source] = _Mark(moment, moment)
        else:
            mark.first, mark.last, mark.times = min(mark.first, moment), max(mark.last, moment), mark.times + 1
    _pulse.poke()


def flush() -> None:
    """Write all marks in one transaction; what could not be written waits for the next round."""
    with _lock:
        marks = dict(_marks)
        _marks.clear()
    try:
        with transaction.atomic():
            for source, mark in sorted(marks.items(), key=_place):
                _write(source, mark)
    except Exception:
        _put_back(marks)
        raise


def forget() -> None:
    """Let go of all marks, unwritten: for tests, which share a process."""
    with _lock:
        _marks.clear()


def _write(source: Source, mark: _Mark) -> None:
    since = source.since or _stopped_at(source)
    if since is None:
        return
    rows = Knock.objects.filter(identity_id=source.identity_id, since=since)
    place = {"address": source.address, "user_agent": source.user_agent}
    if not rows.filter(**place).exists() and rows.count() >= MOST_SOURCES:
        place = {"address": "", "user_agent": OTHERS}
    row, is_new = Knock.objects.get_or_create(
        identity_id=source.identity_id,
        since=since,
        **place,
        defaults={"state": source.state, "first_at": mark.first, "last_at": mark.last, "times": mark.times},
    )
    if not is_new:
        changed = Knock.objects.filter(pk=row.pk)
        changed.update(
            times=F("times") + mark.times,
            first_at=Least("first_at", mark.first),
            last_at=Greatest("last_at", mark.last),
        )


def _stopped_at(source: Source) -> datetime | None:
    """When the stop began, where who noted it did not know; None where the identity is on its feet again, or gone."""
    rows = ManagedIdentity.objects.filter(pk=source.identity_id).exclude(state=State.ACTIVE)
    return rows.values_list("state_changed_at", flat=True).first()


def _put_back(marks: dict[Source, _Mark]) -> None:
    with _lock:
        for source, mark in marks.items():
            known = _marks.get(source)
            if known is None:
                _marks[source] = mark
            else:
                known.first, known.last = min(known.first, mark.first), max(known.last, mark.last)
                known.times += mark.times


_pulse = Pulse("knocks", flush, seconds=SECONDS)


def _place(marked: tuple[Source, _Mark]) -> tuple[UUID, str, str]:
    """One order for every process, so that no two wait for each other's rows."""
    source, _ = marked
    return source.identity_id, source.address, source.user_agent
