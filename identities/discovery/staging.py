"""Reading: the whole export first, record by record, into staged rows. A file that cannot be read leaves nothing."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from django.db import transaction

from identities.discovery.importers.base import Importer, Unreadable
from identities.discovery.models import ImportRow, ImportRun, ImportState, RowAction
from identities.discovery.packing import pack
from identities.discovery.records import Dropped, Reported
from identities.statements.prepared import insert_many

AT_ONCE = 1000
DEFAULT_ACCOUNT = "default"
LONGEST_PLACE, LONGEST_LABEL, LONGEST_KEY, LONGEST_SOURCE = 120, 254, 400, 200
TWICE = "A record with the same key stands in these files already; the first one counts."
TOO_LONG = "Its key is longer than {most} characters, so it could not be told from others."

Progress = Callable[[int], object]
#: Sets the action, the changes and the identity on rows that are not saved yet; reads, and writes nothing.
Plan = Callable[[Sequence[ImportRow]], None]


def _silent(number: int) -> None:
    """Nobody watches."""


def stage(
    run: ImportRun, importer: Importer, files: Iterable[Path], *, plan: Plan, progress: Progress = _silent
) -> int:
    """Stage every record of `files`, a thousand in each transaction, as `plan` judges them; how many there were.

    Raises Unreadable, and whatever else reading raises, with no row left behind.
    """
    known: set[bytes] = set()
    rows = (_row(run, importer, record, known) for record in importer.read(files, run.mapping or None))
    read = 0
    try:
        while batch := list(islice(rows, AT_ONCE)):
            plan([row for row in batch if row.action != RowAction.DROPPED])
            with transaction.atomic():
                insert_many(batch)
                read += len(batch)
                ImportRun.objects.filter(pk=run.pk, state=ImportState.READING).update(rows_read=read)
            progress(read)
    except BaseException:
        forget_rows(run)
        raise
    if not read:
        raise Unreadable("There is no record in it.")
    return read


def forget_rows(run: ImportRun) -> None:
    """Remove what was staged, a thousand in each transaction, so that nobody waits for long."""
    rows = ImportRow.objects.filter(run=run).order_by("pk")
    while keys := list(rows.values_list("pk", flat=True)[: AT_ONCE * 5]):
        with transaction.atomic():
            ImportRow.objects.filter(run=run, pk__gte=keys[0], pk__lte=keys[-1]).delete()


def source_name(platform: str, account: str, named: str) -> str:
    """The source of a record: its platform, and the account that the file names, else the person, else nobody."""
    return f"{platform}/{account or named or DEFAULT_ACCOUNT}"[:LONGEST_SOURCE]


def _row(run: ImportRun, importer: Importer, record: Reported | Dropped, known: set[bytes]) -> ImportRow:
    label = _cut(record.label, LONGEST_LABEL)
    if isinstance(record, Dropped):
        return _dropped(run, record.place, label, record.reason)
    source = source_name(importer.platform, record.account, run.source)
    if len(record.key) > LONGEST_KEY:
        return _dropped(run, record.place, label, TOO_LONG.format(most=LONGEST_KEY))
    mark = blake2b(f"{source}\0{record.record_type}\0{record.key}".encode(), digest_size=12).digest()
    if mark in known:
        return _dropped(run, record.place, label, TWICE)
    known.add(mark)
    return ImportRow(
        run=run,
        place=_cut(record.place, LONGEST_PLACE),
        record_type=record.record_type,
        source=source,
        key=record.key,
        label=label,
        reported=pack(record, source),
    )


def _dropped(run: ImportRun, place: str, label: str, reason: str) -> ImportRow:
    return ImportRow(run=run, place=_cut(place, LONGEST_PLACE), label=label, action=RowAction.DROPPED, message=reason)


def _cut(text: str, longest: int) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:longest]
