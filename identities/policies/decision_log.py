"""Holds allowed decisions for a moment and writes them together; says so when a process died holding some."""

import os
import socket
import threading
import uuid
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities.access.models import RoleBinding
from identities.events import AuthorizationEvent
from identities.inventory.pulse import Pulse
from identities.inventory.usage import note_use
from identities.policies.models import AuthorizationDecision, DecisionWriter

BATCH = 500
SECONDS = 0.5
IDLE_SECONDS = 30.0
GIVEN_UP_AFTER = timedelta(seconds=120)

log = structlog.get_logger(__name__)
_lock = threading.Lock()
_held: list[AuthorizationDecision] = []
_writer_id: uuid.UUID | None = None


def hold(row: AuthorizationDecision) -> None:
    """Keep `row` for the next batch: at most a second, at most 500 rows; a full batch is written by the caller."""
    if settings.BACKGROUND_WRITERS:
        _begin_quietly()
    with _lock:
        _held.append(row)
        is_full = len(_held) >= BATCH
    if is_full:
        flush()
    else:
        _pulse.poke()


def flush() -> None:
    """Write what is held, and say that this process is alive. A failure puts the rows back and is raised."""
    with _lock:
        rows, _held[:] = _held[:], []
    try:
        with transaction.atomic():
            AuthorizationDecision.objects.bulk_create(rows, batch_size=BATCH)
            if _writer_id is not None:
                DecisionWriter.objects.filter(pk=_writer_id).update(seen_at=timezone.now())
    except Exception:
        with _lock:
            _held[:0] = rows
        raise
    _note_bindings(rows)


def begin() -> None:
    """Note that this process may hold rows, and record a gap for each that died holding some. Once a process.

    Called by itself with the first decision; a server calls it at its start, so that a gap is told at the restart.
    """
    global _writer_id  # noqa: PLW0603 - one a process
    with _lock:
        if _writer_id is not None:
            return
        mine = _writer_id = uuid.uuid4()
    try:
        record_gaps()
        DecisionWriter.objects.create(id=mine, host=socket.gethostname(), pid=os.getpid())
    except DatabaseError:
        _writer_id = None
        raise


def _begin_quietly() -> None:
    """No caller is refused for a mark that could not be set; the next one sets it."""
    try:
        begin()
    except DatabaseError:
        log.exception("decision_log.not_begun")


def end() -> None:
    """A clean end: everything is written, nothing is missing."""
    global _writer_id
    flush()
    with _lock:
        writer_id, _writer_id = _writer_id, None
    if writer_id is not None:
        DecisionWriter.objects.filter(pk=writer_id).delete()


def forget() -> None:
    """Let go of what is held, unwritten: for tests, which share a process."""
    with _lock:
        _held.clear()


def record_gaps() -> int:
    """Record `authorization.gap` for each process that ended without saying so; answers how many."""
    now = timezone.now()
    return sum(_record_gap(writer, now) for writer in DecisionWriter.objects.all() if _is_dead(writer, now))


def _record_gap(writer: DecisionWriter, now: datetime) -> int:
    with transaction.atomic():
        # Two processes that start together both see the mark; only one of them takes it away.
        deleted, _ = DecisionWriter.objects.filter(pk=writer.pk).delete()
        if deleted:
            audit.record(
                AuthorizationEvent.GAP,
                actor=Actor.system("decision log"),
                subject=Subject(kind="decision_log", id=str(writer.id), label=str(writer)),
                outcome=Outcome.FAILURE,
                reason="A process ended without writing its last allowed decisions.",
                details={"from": writer.seen_at, "until": now, "host": writer.host, "pid": writer.pid},
            )
    return int(bool(deleted))


def _is_dead(writer: DecisionWriter, now: datetime) -> bool:
    if writer.pk == _writer_id:
        return False
    if now - writer.seen_at > GIVEN_UP_AFTER:
        return True
    return writer.host == socket.gethostname() and (writer.pid == os.getpid() or not _is_running(writer.pid))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _note_bindings(rows: list[AuthorizationDecision]) -> None:
    """The bindings that gave an identity what it used here: one query a batch (S3-21, last used)."""
    used = {(row.actor_id, row.permission): row.at for row in rows if row.actor_kind == "identity"}
    if not used:
        return
    held = RoleBinding.objects.effective(timezone.now()).filter(identity_id__in={key for key, _ in used})
    for binding_id, identity_id, permissions in held.values_list("pk", "identity_id", "role__permissions"):
        for permission in permissions:
            if at := used.get((str(identity_id), permission)):
                note_use(RoleBinding, binding_id, at=at)


def _beat() -> None:
    record_gaps()
    flush()


def _forget() -> None:
    """A child of fork holds nothing: the rows are its parent's."""
    global _lock, _writer_id
    _lock, _writer_id = threading.Lock(), None
    _held.clear()


os.register_at_fork(after_in_child=_forget)
_pulse = Pulse("decision log", flush, seconds=SECONDS, idle=_beat, idle_seconds=IDLE_SECONDS, last=end)
