"""Small exports in the vendors' formats, made here, and reading them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import identities.discovery.importers  # noqa: F401 - registers the kinds
from identities.discovery.importers.base import kinds
from identities.discovery.records import Dropped, Reported

#: Stands wherever a file holds a secret value; nothing that was read may have it.
CANARY = "CANARY-0001-never-keep-this-value"


def written(folder: Path, name: str, value: object) -> Path:
    """`value` as a file: a text as it is, anything else as JSON."""
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2), encoding="utf-8")
    return path


def read(kind: str, *files: Path, mapping: Mapping[str, str] | None = None) -> list[Reported | Dropped]:
    return list(kinds[kind]().read(files, mapping))


def reported(records: Iterable[Reported | Dropped]) -> dict[str, Reported]:
    """Those that become rows, by natural key."""
    return {record.key: record for record in records if isinstance(record, Reported)}


def dropped(records: Iterable[Reported | Dropped]) -> dict[str, str]:
    """The reasons of those that do not, by label."""
    return {record.label: record.reason for record in records if isinstance(record, Dropped)}


def one(kind: str, folder: Path, value: object) -> Reported:
    """The only row of a file."""
    (found,) = reported(read(kind, written(folder, "export.json", value))).values()
    return found
