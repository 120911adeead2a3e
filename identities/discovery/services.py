"""Commands on imports: read, apply, discard, take a source's value; each import is a run that anybody can follow."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, ActorKind, Subject
from identities.discovery import selectors, sources
from identities.discovery.applying import Batch
from identities.discovery.importers.base import Importer, kinds
from identities.discovery.models import ImportRow, ImportRun, ImportState
from identities.discovery.planning import Planner
from identities.discovery.reading.text import clean
from identities.discovery.records import Unreadable
from identities.discovery.staging import AT_ONCE, forget_rows, stage
from identities.errors import Conflict, Invalid
from identities.events import ImportEvent
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.models import User

log = logging.getLogger(__name__)

MAX_FILES, MAX_SOURCE = 50, 160
#: Between two batches others may write: on SQLite who waits for its one writer comes by chance, not in turn.
BREATH = 0.1
#: Of a file that is longer than what goes whole, so few in each transaction that who waits hardly notices.
BITE = 400
#: A run that showed nothing for so long has lost whoever worked on it.
SILENT_AFTER = timedelta(seconds=60)
ABANDONED_AFTER = timedelta(minutes=30)
BROKEN = "The files could not be read as {label}. Expected: {accepts}"
INTERRUPTED = "Reading was interrupted. Nothing was imported; start again."
STOPPED = "Applying stopped after {done} of {all} rows. What was applied stays; apply again to go on from there."

Progress = Callable[[int, int], object]


def read(
    *,
    tenant_id: UUID,
    kind: str,
    files: Sequence[tuple[str, Path]],
    actor: Actor,
    source: str = "",
    mapping: Mapping[str, str] | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> ImportRun:
    """Read the whole of `files` (name, path) and stage what they say: the run, previewed or failed with one line.

    Nothing of the register changes. Raises Invalid for an unknown kind, no file, or a source that is no name.
    """
    importer = _importer(kind, files=files, source=source, mapping=mapping or {})
    run = _begin(tenant_id, kind, [name for name, _ in files], actor=actor, source=source, mapping=mapping or {})
    paths = [path for _, path in files]
    try:
        stage(run, importer, paths, plan=Planner(run), progress=progress)
    except Unreadable as error:
        return fail(run, str(error), actor=actor)
    except Exception as error:  # noqa: BLE001 - whatever a file does to a reader, the answer is one line
        # The text of an unforeseen error may quote the file: only its type is told.
        log.warning("an import could not be read", extra={"kind": kind, "error": type(error).__name__})
        return fail(run, BROKEN.format(label=importer.label, accepts=importer.accepts), actor=actor)
    except BaseException:
        fail(run, INTERRUPTED, actor=actor)
        raise
    return _previewed(run, actor=actor)


@transaction.atomic
def begin(run: ImportRun, *, actor: Actor) -> ImportRun:
    """Let a previewed run be applied, or one go on that stopped halfway. Raises Conflict for any other."""
    locked = _lock(run)
    stopped = locked.state == ImportState.FAILED and locked.rows.exists()
    if locked.state != ImportState.PREVIEWED and not stopped:
        raise Conflict(f"This import is {locked.state}: it cannot be applied.", code="wrong_state")
    locked.state, locked.error = ImportState.APPLYING, ""
    locked.counts = {**locked.counts, "applied_by": _written(actor)}
    locked.save(update_fields=["state", "error", "counts"])
    audit.record(ImportEvent.BEGUN, actor=actor, subject=subject_of(locked), details={"rows": locked.rows_read})
    return locked


def apply_next(run_id: UUID) -> bool:
    """Apply the next rows of a run in one transaction; whether there is more to do.

    Done by anybody, any number of times, at the same time too: a row is applied once. The last rows and the vanished
    records go together, so that a file of up to a thousand rows is applied whole or not at all; a longer one goes in
    bites of a few hundred.
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=run_id)
        if run.state != ImportState.APPLYING:
            return False
        actor, at = _read_actor(run), timezone.now()
        most = AT_ONCE if run.rows_read <= AT_ONCE else BITE
        rows = list(selectors.waiting(run)[:most])
        if rows:
            Batch(run, rows, actor=actor, at=at).apply()
            _tick_off(run, rows, at)
        if len(rows) == most and run.rows_applied < run.rows_read:
            return True
        gone = sources.mark_vanished(run, actor=actor, at=at)
        run.counts = {**run.counts, "gone": run.counts.get("gone", 0) + gone}
        run.save(update_fields=["counts"])
        if gone == sources.AT_ONCE:
            return True
        _finish(run, actor=actor, at=at)
    return False


def apply(run: ImportRun, *, progress: Progress = lambda done, of: None) -> ImportRun:
    """Apply all that is left of a run that has begun; how it came out. An error stops it, and it can be begun again."""
    try:
        while apply_next(run.pk):
            run.refresh_from_db()
            progress(run.rows_applied, run.rows_read)
            time.sleep(BREATH)
    except Exception as error:
        log.exception("an import stopped", extra={"run": str(run.pk), "error": type(error).__name__})
        run.refresh_from_db()
        return fail(run, STOPPED.format(done=run.rows_applied, all=run.rows_read), actor=_read_actor(run))
    run.refresh_from_db()
    return run


def discard(run: ImportRun, *, actor: Actor) -> ImportRun:
    """Throw away what was read; nothing of the register changes. Raises Conflict unless it is only previewed."""
    with transaction.atomic():
        locked = _lock(run)
        if locked.state not in {ImportState.PREVIEWED, ImportState.FAILED} or locked.rows_applied:
            raise Conflict(f"This import is {locked.state}: it cannot be discarded.", code="wrong_state")
        locked.state = ImportState.DISCARDED
        locked.save(update_fields=["state"])
        audit.record(ImportEvent.DISCARDED, actor=actor, subject=subject_of(locked))
    forget_rows(locked)
    return locked


def fail(run: ImportRun, error: str, *, actor: Actor) -> ImportRun:
    """Note that a run came to nothing, or stopped halfway, with the one line that says why."""
    with transaction.atomic():
        locked = _lock(run)
        locked.state, locked.error = ImportState.FAILED, error
        locked.save(update_fields=["state", "error"])
        audit.record(ImportEvent.FAILED, actor=actor, subject=subject_of(locked), reason=error)
    return locked


def take_theirs(row: ImportRow, *, member: str, actor: Actor) -> ManagedIdentity:
    """Let the source's value win over the one that a person set. Raises Conflict where the two do not differ here."""
    kept = row.changes.get("kept", {})
    if member not in kept or row.identity is None:
        raise Conflict("There is no such difference in this row.", code="no_conflict")
    with transaction.atomic():
        reason = f"Taken from {row.source} instead of the value that was set by hand."
        changed = inventory.change(row.identity, facts={member: kept[member]["theirs"]}, actor=actor, reason=reason)
        row.changes = {**row.changes, "kept": {name: two for name, two in kept.items() if name != member}}
        row.save(update_fields=["changes"])
    return changed


def tidy(at: datetime) -> list[UUID]:
    """Note as failed what was abandoned while it was read; the runs that wait for somebody to go on applying."""
    reading = ImportRun.objects.filter(state=ImportState.READING, created_at__lt=at - ABANDONED_AFTER)
    for run in reading[:10]:
        forget_rows(run)
        fail(run, INTERRUPTED, actor=Actor.system("importer", run.tenant_id))
    return selectors.silent(at - SILENT_AFTER)


def subject_of(run: ImportRun) -> Subject:
    """The run as the thing an event is about."""
    return Subject(kind="import", id=str(run.pk), label=f"{run.kind}: {', '.join(run.files)}", tenant_id=run.tenant_id)


def _importer(kind: str, *, files: Sequence[object], source: str, mapping: Mapping[str, str]) -> Importer:
    errors: dict[str, list[str]] = {}
    if kind not in kinds:
        errors["kind"] = [f"There is no such kind; there are {', '.join(sorted(kinds))}."]
    if not 1 <= len(files) <= MAX_FILES:
        errors["files"] = [f"Between 1 and {MAX_FILES} files."]
    if len(source) > MAX_SOURCE or not source.isprintable():
        errors["source"] = [f"One line of at most {MAX_SOURCE} characters."]
    if any(text != clean(text) for pair in mapping.items() for text in pair):
        errors["mapping"] = ["The names of columns as the file shows them, on one line each."]
    if errors:
        raise Invalid(errors)
    return kinds[kind]()


@transaction.atomic
def _begin(
    tenant_id: UUID, kind: str, names: Sequence[str], *, actor: Actor, source: str, mapping: Mapping[str, str]
) -> ImportRun:
    person = User.objects.filter(pk=actor.id).first() if actor.kind is ActorKind.PERSON else None
    run = ImportRun.objects.create(
        tenant_id=tenant_id,
        kind=kind,
        source=source.strip(),
        files=[clean(Path(name).name, 200) or "file" for name in names],
        mapping=dict(mapping),
        started_by=person,
        started_by_label=actor.label,
    )
    audit.record(ImportEvent.STARTED, actor=actor, subject=subject_of(run), details={"kind": kind})
    return run


def _previewed(run: ImportRun, *, actor: Actor) -> ImportRun:
    run.refresh_from_db()
    run.counts = selectors.counted(run)
    run.warnings = selectors.warnings(run)
    run.state = ImportState.PREVIEWED
    with transaction.atomic():
        run.save(update_fields=["counts", "warnings", "state"])
        audit.record(ImportEvent.READ, actor=actor, subject=subject_of(run), details=_numbers(run))
    return run


def _tick_off(run: ImportRun, rows: Sequence[ImportRow], at: datetime) -> None:
    done = ImportRow.objects.filter(run=run, pk__gte=rows[0].pk, pk__lte=rows[-1].pk)
    done.update(applied_at=at)
    run.rows_applied += len(rows)
    run.save(update_fields=["rows_applied"])


def _finish(run: ImportRun, *, actor: Actor, at: datetime) -> None:
    run.state, run.applied_at = ImportState.APPLIED, at
    run.save(update_fields=["state", "applied_at"])
    audit.record(ImportEvent.APPLIED, actor=actor, subject=subject_of(run), details=_numbers(run))


def _numbers(run: ImportRun) -> dict[str, object]:
    return {name: number for name, number in run.counts.items() if isinstance(number, int)}


def _lock(run: ImportRun) -> ImportRun:
    return ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)


def _written(actor: Actor) -> dict[str, str]:
    return {"kind": actor.kind.value, "id": actor.id, "label": actor.label, "client_id": actor.client_id}


def _read_actor(run: ImportRun) -> Actor:
    """Who let it be applied: a worker acts in their name."""
    by = run.counts.get("applied_by")
    if not by:
        return Actor.system("importer", run.tenant_id)
    return Actor(ActorKind(by["kind"]), by["id"], by["label"], by["client_id"], tenant_id=run.tenant_id)
