"""When was it last used? Marks are gathered in memory and written together, at most five seconds late (S0-13)."""

import threading
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.inventory.pulse import Pulse
from identities.inventory.vocabulary import UseState

SECONDS = 2.0
_Key = tuple[type[models.Model], UUID]

#: Whoever was thought dormant or unobserved shows itself: the next sweep judges it again. The rest stays as planned.
_WAKE = {"reassess_at": Case(When(use_state=UseState.USED, then=F("reassess_at")), default=Now())}

_lock = threading.Lock()
_marks: dict[_Key, tuple[datetime, int]] = {}


def note_use(model: type[models.Model], pk: UUID, *, at: datetime | None = None) -> None:
    """Row `pk` of `model` was used at `at` (now, if silent). Costs no query here.

    The model has `last_used_at`; where it has `uses`, that is counted up as well.
    """
    moment = at or timezone.now()
    with _lock:
        latest, count = _marks.get((model, pk), (moment, 0))
        _marks[model, pk] = (max(latest, moment), count + 1)
    _pulse.poke()


def note_identity_use(identity_id: UUID, *, at: datetime | None = None) -> None:
    """An identity showed itself: by a secret, a token or a decision."""
    note_use(ManagedIdentity, identity_id, at=at)


def flush() -> None:
    """Write all marks in one transaction; what could not be written waits for the next round."""
    with _lock:
        marks = dict(_marks)
        _marks.clear()
    try:
        with transaction.atomic():
            # One order for everybody, identities first (`locks`): nobody who marks the same rows waits in a ring.
            for (model, pk), (at, count) in sorted(marks.items(), key=_place):
                _write(model, pk, at, count)
    except Exception:
        _put_back(marks)
        raise


def forget() -> None:
    """Let go of all marks, unwritten: for tests, which share a process."""
    with _lock:
        _marks.clear()


def _place(mark: tuple[_Key, tuple[datetime, int]]) -> tuple[bool, str, UUID]:
    (model, pk), _ = mark
    return model is not ManagedIdentity, model._meta.label, pk


def _write(model: type[models.Model], pk: UUID, at: datetime, count: int) -> None:
    rows: models.QuerySet[Any] = model._meta.base_manager.filter(pk=pk)
    if any(field.name == "uses" for field in model._meta.concrete_fields):
        rows.update(uses=F("uses") + count)
    # Several processes report the same row; a mark never moves backwards.
    newer = rows.filter(Q(last_used_at=None) | Q(last_used_at__lt=at))
    newer.update(last_used_at=at, **(_WAKE if model is ManagedIdentity else {}))


def _put_back(marks: dict[_Key, tuple[datetime, int]]) -> None:
    with _lock:
        for key, (at, count) in marks.items():
            latest, more = _marks.get(key, (at, 0))
            _marks[key] = (max(latest, at), count + more)


_pulse = Pulse("usage marks", flush, seconds=SECONDS)
