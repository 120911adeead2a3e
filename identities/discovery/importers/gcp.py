"""Google Cloud: service accounts, their keys, key files and the bindings of a project, as gcloud prints them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from identities.discovery.formats import gcp
from identities.discovery.formats.gcp import Account, Name
from identities.discovery.formats.members import text
from identities.discovery.importers.base import Importer
from identities.discovery.reading import json_items
from identities.discovery.reading.json_items import Item
from identities.discovery.reading.secrets import sealed
from identities.discovery.reading.text import clean
from identities.discovery.records import Dropped, Reported

GOOGLES_OWN = "A key that Google manages and rotates itself; nobody holds it."
GOOGLES_AGENT = "An agent of Google's own services; nobody holds a key of it."


class Gcp(Importer):
    """Files of one or several projects in any order; what they say of one service account becomes one record."""

    kind = "gcp"
    platform = "gcp"
    label = "Google Cloud service accounts"
    accepts = (
        "JSON of `gcloud iam service-accounts list`, `… keys list`, `gcloud projects get-iam-policy`, and key files"
    )
    partial = frozenset({gcp.BY_KEY, gcp.BY_GRANT})
    signs = (".iam.gserviceaccount.com/keys/", "/serviceAccounts/", '"oauth2ClientId"', '"private_key_id"')

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        accounts: dict[str, Account] = {}
        for path in files:
            self.check_kind(path)
            for item in json_items.items(path, ("accounts", "keys", "bindings")):
                yield from self._take(path, item, accounts)
        for account in accounts.values():
            yield account.reported()

    def _take(self, path: Path, item: Item, accounts: dict[str, Account]) -> Iterator[Dropped]:
        kept = sealed(item.value, ("private_key", "privateKeyData"))
        record, place = kept.record, f"{clean(path.name, 60)}, {item.place}"
        if "role" in record and "members" in record:
            yield from _granted(record, accounts, place)
            return
        name = gcp.name_of(record)
        if name is None:
            raise self.mismatch(path, f"{item.place}: neither a service account, nor a key, nor a binding")
        exposed_in = f"{kept.held[0]} in {clean(path.name, 80)}" if kept.held else ""
        if text(record, "type") == "service_account" and "private_key_id" in record:
            name = replace(name, key=text(record, "private_key_id"))
        if text(record, "keyType") == "SYSTEM_MANAGED":
            yield Dropped(place, f"Key {name.key} of {name.email}", GOOGLES_OWN)
            return
        account = _account(accounts, name, place)
        if name.key:
            account.add(gcp.key(record, name, exposed_in=exposed_in))
        else:
            account.name = name
            account.said.update(record)


def _granted(record: Mapping[str, object], accounts: dict[str, Account], place: str) -> Iterator[Dropped]:
    for email, role in gcp.grants(record):
        if gcp.AGENTS.search(email):
            yield Dropped(place, email, GOOGLES_AGENT)
        else:
            _account(accounts, Name(_project(email), email), place).roles.add(role)


def _account(accounts: dict[str, Account], name: Name, place: str) -> Account:
    return accounts.setdefault(name.email, Account(Name(name.project, name.email), place))


def _project(email: str) -> str:
    found = gcp.name_of({"email": email})
    return found.project if found else ""
