"""Columns that hold sealed text, and sealing what is in them anew when the installation's key was replaced."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from identities.vaults import sealed_box

BATCH = 200
#: Reseals one text, or says None where the present key has sealed it already.
Reseal = Callable[[str], str | None]


@dataclass(frozen=True)
class SealedColumn:
    """One column; `renewed(row, value)` is its value under the present key, or None where nothing in it has to change.

    May raise `sealed_box.CannotOpen`. `what` says in the plural what a row of it is.
    """

    what: str
    model: type[models.Model]
    name: str
    renewed: Callable[[Any, Any], Any | None]

    def rows(self) -> "models.QuerySet[Any]":
        return self.model._default_manager.exclude(**{self.name: ""})


@dataclass
class Count:
    """`former`: how many rested on a former key; `moved`: sealed anew; `unreadable`: no key that is here opens them."""

    seen: int = 0
    former: int = 0
    moved: int = 0
    unreadable: int = 0


def text_column(
    what: str, model: type[models.Model], name: str, purpose: str, place: Callable[[Any], str]
) -> SealedColumn:
    """A column that is one sealed text, bound to its row's `place`."""

    def renewed(row: Any, value: str) -> str | None:
        return sealed_box.resealed(value, purpose, place=place(row))

    return SealedColumn(what, model, name, renewed)


def reseal(column: SealedColumn, *, is_trial: bool = False) -> Iterator[Count]:
    """Seal every row of the column anew that rests on a former key; after each batch, how far it has come.

    Harmless to stop and to repeat: what is done is left alone. A row that somebody writes at the same moment is left
    to them, who write under a key of their own: it is counted as former, and not as moved. With `is_trial` nothing is
    written. The content is what it was, so no row gets a record; whoever replaces the key leaves one of the whole.
    """
    count, last = Count(), None
    while batch := list(_after(column, last)[:BATCH]):
        for row in batch:
            _reseal_row(column, row, count, is_trial=is_trial)
        last = batch[-1].pk
        yield count
    yield count


def _reseal_row(column: SealedColumn, row: Any, count: Count, *, is_trial: bool) -> None:
    value = getattr(row, column.name)
    count.seen += 1
    try:
        new = column.renewed(row, value)
    except sealed_box.CannotOpen:
        count.unreadable += 1
        return
    if new is None:
        return
    count.former += 1
    if not is_trial:
        unchanged = column.model._default_manager.filter(pk=row.pk, **{column.name: value})
        count.moved += unchanged.update(**{column.name: new})


def _after(column: SealedColumn, last: Any) -> "models.QuerySet[Any]":
    rows = column.rows().order_by("pk")
    return rows if last is None else rows.filter(pk__gt=last)
