"""The columns of a table that is about to be imported, each with the member it is taken for: to be set right first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from identities.admin.parts import Block
from identities.admin.wording import words
from identities.discovery import uploads
from identities.discovery.formats import own_columns, passwords
from identities.discovery.importers.base import kinds
from identities.discovery.reading import csv_rows, xlsx_rows
from identities.discovery.records import Unreadable
from identities.errors import Invalid

SECRET, IGNORED = "secret", ("", "ignored")
PASSWORDS = "password-manager"


@dataclass(frozen=True)
class Column:
    """A column by its header, never with what stands in it."""

    name: str
    meant: str
    is_secret: bool


@dataclass(frozen=True)
class Columns(Block):
    """The columns of the first file, and the words that each may be given."""

    template = "steward/parts/mapped_columns.html"
    columns: Sequence[Column]
    choices: Sequence[tuple[str, str]]


def columns_of(values: Mapping[str, Any]) -> Sequence[Block]:
    """The columns of the first file, for a kind that takes a mapping; nothing for others. Raises Invalid."""
    kind = kinds.get(values["kind"])
    if kind is None or not kind.takes_mapping:
        return []
    with uploads.on_disk(values["files"][:1]) as files:
        try:
            headers = _headers(files[0][1])
        except Unreadable as error:
            raise Invalid({"files": [str(error)]}, code="unreadable") from error
    meant: Mapping[str, str | None] = (
        passwords.targets(headers, {}) if kind.kind == PASSWORDS else own_columns.suggest_mapping(headers)
    )
    targets = passwords.TARGETS if kind.kind == PASSWORDS else sorted(own_columns.TARGETS)
    nothing = "ignored" if kind.kind == PASSWORDS else ""
    choices = [(nothing, "Ignore"), *((name, words(name)) for name in targets if name not in (SECRET, *IGNORED))]
    return [Columns([Column(name, meant[name] or nothing, meant[name] == SECRET) for name in headers], choices)]


def _headers(path: Path) -> list[str]:
    table = xlsx_rows if xlsx_rows.is_workbook(path) else csv_rows
    return [name for name in table.headers(path) if name]
