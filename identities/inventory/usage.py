"""When was it last used? Marks are gathered in memory and written together, at most five seconds late (S0-13)."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, Greatest, Least, Now
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.inventory.pulse import Pulse
from identities.inventory.vocabulary import UseState

SECONDS = 2.0
#: With nothing to write, parts are asked so often whether they have something to say.
IDLE_SECONDS = 45.0
_Key = tuple[type[models.Model], UUID]

#: Whoever was thought dormant or unobserved shows itself: the next sweep judges it again. The rest stays as planned.
_WAKE = {"reassess_at": Case(When(use_state=UseState.USED, then=F("reassess_at")), default=Now())}

_lock = threading.Lock()


@dataclass(slots=True)
class _Mark:
    first: datetime
    last: datetime
    uses: int = 0


class Part(Protocol):
    """What a room above gathers beside the marks: written in the same transaction, after them."""

    def take(self) -> Any: ...
    def write(self, taken: Any) -> None: ...
    def put_back(self, taken: Any) -> None: ...


_marks: dict[_Key, _Mark] = {}
_parts: list[Part] = []


def write_along(part: Part) -> None:
    """Let `part` be written with every flush; what it takes waits with the marks where that fails."""
    _parts.append(part)


def note_use(model: type[models.Model], pk: UUID, *, at: datetime | None = None) -> None:
    """Row `pk` of `model` was used at `at` (now, if silent). Costs no query here.

    The model has `last_used_at`; where it has `uses`, that is counted up as well, and `first_used_at` set once.
    """
    moment = at or timezone.now()
    _add((model, pk), _Mark(moment, moment, 1))
    _pulse.poke()


def note_identity_use(identity_id: UUID, *, at: datetime | None = None) -> None:
    """An identity showed itself: by a secret, a token or a decision."""
    note_use(ManagedIdentity, identity_id, at=at)


def flush() -> None:
    """Write all marks in one transaction; what could not be written waits for the next round."""
    with _lock:
        marks = dict(_marks)
        _marks.clear()
    taken = [(part, part.take()) for part in _parts]
    if not marks and not any(found for _, found in taken):
        return
    try:
        with transaction.atomic():
            # One order for everybody, identities first (`locks`): nobody who marks the same rows waits in a ring.
            for (model, pk), mark in sorted(marks.items(), key=_place):
                _write(model, pk, mark)
            for part, found in taken:
                part.write(found)
    except Exception:
        for key, mark in marks.items():
            _add(key, mark)
        for part, found in taken:
            part.put_back(found)
        raise


def keep_beating() -> None:
    """Flush from now on even while nothing is used: parts may have to say that."""
    _pulse.poke()


def forget() -> None:
    """Let go of all marks, unwritten: for tests, which share a process."""
    with _lock:
        _marks.clear()
    for part in _parts:
        part.take()


def _add(key: _Key, more: _Mark) -> None:
    with _lock:
        mark = _marks.setdefault(key, _Mark(more.first, more.last))
        mark.first, mark.last = min(mark.first, more.first), max(mark.last, more.last)
        mark.uses += more.uses


def _place(mark: tuple[_Key, _Mark]) -> tuple[bool, str, UUID]:
    (model, pk), _ = mark
    return model is not ManagedIdentity, model._meta.label, pk


def _write(model: type[models.Model], pk: UUID, mark: _Mark) -> None:
    """Several processes report the same row; a mark never moves backwards."""
    rows: models.QuerySet[Any] = model._meta.base_manager.filter(pk=pk)
    if model is ManagedIdentity:
        rows.filter(Q(last_used_at=None) | Q(last_used_at__lt=mark.last)).update(last_used_at=mark.last, **_WAKE)
        return
    names = {field.name for field in model._meta.concrete_fields}
    changed: dict[str, Any] = {"last_used_at": Greatest(Coalesce("last_used_at", mark.last), mark.last)}
    if "uses" in names:
        changed["uses"] = F("uses") + mark.uses
    if "first_used_at" in names:
        changed["first_used_at"] = Least(Coalesce("first_used_at", mark.first), mark.first)
    rows.update(**changed)


_pulse = Pulse("usage marks", flush, seconds=SECONDS, idle_seconds=IDLE_SECONDS)
