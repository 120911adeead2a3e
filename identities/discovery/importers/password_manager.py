"""Importer for password managers: titles, user names, addresses and dates of their CSV exports, by column mapping."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.members import known
from identities.discovery.formats.passwords import TARGETS, host_of, shown, targets, unknown_target
from identities.discovery.importers.base import Importer
from identities.discovery.reading import csv_rows, text, xlsx_rows
from identities.discovery.reading.moments import moment
from identities.discovery.reading.tables import Row
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.records import Dropped, Reported, ReportedCredential

LOGINS = frozenset({"", "login", "1", "password", "server", "database", "apicredential"})
NO_LOGIN = "A card, note or address, not a login."
UNREAD = frozenset({"secret", "ignored"})
NAMELESS = "It has neither title, user name nor address, so it cannot be told from others."


class PasswordManager(Importer):
    """One row for each login. Of columns that hold passwords only this is taken: whether there is one."""

    kind = "password-manager"
    platform = "password-manager"
    label = "Password manager"
    accepts = (
        "a CSV (or XLSX) export with a header; columns are known by their names, or mapped to title, username, url …"
    )
    takes_mapping = True

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = self.checked(files)
        for path in listed:
            table = xlsx_rows if xlsx_rows.is_workbook(path) else csv_rows
            meant = _meant(path, [header for header in table.headers(path) if header], mapping or {})
            prefix = f"{text.clean(path.name, 60)}, " if len(listed) > 1 else ""
            for row in table.rows(path):
                yield _record(row, meant, prefix)


def _meant(path: Path, headers: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """`{column: target}`. Raises Unreadable for a mapping that does not fit the file."""
    if missing := [column for column in mapping if column not in headers]:
        raise text.refusal(path, "row 1", f"the mapping names a column that is not there: {text.clean(missing[0], 80)}")
    if unknown := unknown_target(mapping):
        raise text.refusal(
            path, "", f"the mapping names {text.clean(unknown, 80)}, which is none of {', '.join(TARGETS)}"
        )
    meant = targets(headers, mapping)
    if not {"title", "username"} & set(meant.values()):
        raise text.refusal(path, "row 1", "no column for title or username is known; map one to it")
    return meant


def _record(row: Row, meant: Mapping[str, str], prefix: str) -> Reported | Dropped:
    place = prefix + row.place
    cells = {target: row.cells.get(column, "") for column, target in meant.items() if target not in UNREAD}
    title, user = shown(cells.get("title", "")), shown(cells.get("username", ""))
    host = host_of(cells.get("url", ""))
    if not (title or user or host):
        return Dropped(place, row.place, NAMELESS)
    label = f"{title or host} ({user})" if user and (title or host) else title or host or user
    if shown(cells.get("type", "")).lower().replace(" ", "") not in LOGINS:
        return Dropped(place, label, NO_LOGIN)
    key = f"{title} · {user} · {host}"[:400]
    is_open = [column for column, target in meant.items() if target == "secret" and row.cells.get(column)]
    credential = _credential(cells, key, user or title, next(iter(is_open), ""))
    return Reported(
        record_type="login",
        key=key,
        label=label[:254],
        place=place,
        facts={**_from_tags(cells.get("tags", "")), **_facts(cells, host)},
        credentials=(credential,),
        last_used_at=credential.last_used_at,
    )


def _facts(cells: Mapping[str, str], host: str) -> dict[str, object]:
    return known(
        kind="api_client",
        auth_method="password",
        downstream_systems=[host] if host else [],
        technical_owner=shown(cells.get("owner", "")),
    )


def _credential(cells: Mapping[str, str], key: str, name: str, open_column: str) -> ReportedCredential:
    folder = shown(cells.get("folder", ""))
    return ReportedCredential(
        kind="password",
        external_id=key,
        name=name,
        stored_at=", ".join(part for part in ("password manager", folder, name) if part),
        exposed_in=f"column {text.clean(open_column, 60)} of the export" if open_column else "",
        created_at=moment(cells.get("created")),
        last_rotated_at=moment(cells.get("modified")),
        last_used_at=moment(cells.get("last_used")),
        expires_at=moment(cells.get("expires")),
    )


def _from_tags(cell: str) -> dict[str, object]:
    """What tags written "name=value" or "name:value" say, parted by commas or semicolons; bare words say nothing."""
    words = shown(cell, 2000).replace(";", ",").split(",")
    return facts_from_tags([word.strip() for word in words if "=" in word or ":" in word])
