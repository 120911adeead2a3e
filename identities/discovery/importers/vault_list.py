"""Importer for HashiCorp Vault and OpenBao: names of secrets, by `vault list` and `vault kv metadata get`."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.exports import Entry, entries
from identities.discovery.formats.members import known, text, within
from identities.discovery.importers.base import Importer
from identities.discovery.reading import json_events
from identities.discovery.reading.json_events import Complaint
from identities.discovery.reading.moments import moment
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.reading.text import clean, start_of
from identities.discovery.records import Dropped, Reported, ReportedCredential

FOLDER = "A folder: list it too, to see the secrets in it."


class VaultList(Importer):
    """Names from lists, dates and owners from metadata; a metadata file says no name, so its own name stands for it."""

    kind = "vault-list"
    platform = "vault"
    label = "HashiCorp Vault and OpenBao"
    accepts = (
        "JSON of `vault list -format=json PATH` or `vault kv list -format=json PATH`, and of "
        "`vault kv metadata get -format=json PATH/NAME` saved as NAME.json"
    )
    signs = ('"current_version"', '"custom_metadata"')

    partial = frozenset({"secret_metadata"})

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = self.checked(files)
        lists = [path for path in listed if start_of(path).lstrip()[:1] == "["]
        described: dict[str, Entry] = {}
        for path in listed:
            if path not in lists:
                described[clean(path.stem, 400)] = self._metadata(path)
        for path in lists:
            for number, name in enumerate(self._names(path), start=1):
                yield _reported(name, f"item {number}", described.pop(name, None))
        for name, entry in described.items():
            yield _reported(name, entry.place, entry, "secret_metadata")

    def _names(self, path: Path) -> Iterator[str]:
        """The texts of a bare list."""
        return json_events.stream(path, _Names().take)

    def _metadata(self, path: Path) -> Entry:
        """The one answer in the file; of a secret itself, only that it had values is kept."""
        for entry in entries([path], secrets=("keys", "wrap_info")):
            inner = within(entry.record, "data")
            if "current_version" in inner or "metadata" in inner or "data" in inner:
                return entry
        raise self.mismatch(path, "this is neither a list of names nor metadata of a secret")


class _Names:
    """Takes one list of texts, and nothing else."""

    def __init__(self) -> None:
        self._is_inside = False

    def take(self, event: str, value: object) -> str | None:
        if event == "string" and self._is_inside:
            return clean(value, 400)
        if event not in {"start_array", "end_array"} or self._is_inside == (event == "start_array"):
            raise Complaint("a list of names is expected")
        self._is_inside = event == "start_array"
        return None


def _reported(name: str, place: str, entry: Entry | None, sort: str = "secret") -> Reported | Dropped:
    if name.endswith("/"):
        return Dropped(place, name, FOLDER)
    answer = within(entry.record, "data") if entry else {}
    metadata = within(answer, "metadata") or answer
    is_open = bool(entry and (entry.held or within(answer, "data")))
    told = facts_from_tags(within(metadata, "custom_metadata"))
    credential = ReportedCredential(
        kind="stored_secret",
        external_id=name,
        name=clean(name),
        stored_at=name,
        exposed_in=f"values of {clean(name)} in the export" if is_open else "",
        created_at=moment(text(metadata, "created_time")),
        last_rotated_at=moment(text(metadata, "updated_time", "created_time")),
    )
    return Reported(
        record_type=sort,
        key=name,
        label=clean(name),
        place=place,
        aliases=(f"./secret/{name}",),
        facts={**told, **known(kind="api_client", description="A secret that rests in Vault.")},
        credentials=(credential,),
    )
