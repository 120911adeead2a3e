"""Importer for Keycloak: the list of a realm's clients, or the export of a realm."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.exports import Entry, entries, inside
from identities.discovery.formats.keycloak import client
from identities.discovery.formats.members import Members, text, texts, within
from identities.discovery.importers.base import Importer
from identities.discovery.records import Dropped, Reported

LISTS = ("clients", "users")
SECRETS = ("client.secret.rotated", "value", "credentials")
ADDRESS = "/realms/"


class Keycloak(Importer):
    """Confidential clients with a service account; every other client is dropped with the reason."""

    kind = "keycloak"
    platform = "keycloak"
    label = "Keycloak"
    accepts = "JSON of `kcadm.sh get clients -r REALM`, or of a realm export (`kc.sh export`, with its users)"
    signs = ('"clientAuthenticatorType"', '"serviceAccountsEnabled"', '"realm"')

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = self.checked(files)
        roles = self._roles(listed)
        for entry in _opened(listed):
            if entry.collection == "users" or _is_account(entry.record):
                continue
            if not client.is_client(entry.record):
                raise self.mismatch(entry.path, f"{entry.place} is no client of Keycloak")
            realm = text(entry.around, "realm")
            yield client.reported(entry, realm, roles.get((realm, text(entry.record, "clientId")), []))

    def _roles(self, files: list[Path]) -> dict[tuple[str, str], list[str]]:
        """Roles of each service account, by realm and client; of other users nothing is looked at."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for entry in _opened(files):
            if _is_account(entry.record):
                whose = text(entry.around, "realm"), text(entry.record, "serviceAccountClientId")
                found[whose].extend(_roles_of(entry))
        return found


def _opened(files: list[Path]) -> Iterator[Entry]:
    """Clients and users; an export of several realms is a list of them, each with lists of its own."""
    for entry in entries(files, LISTS, secrets=SECRETS):
        if "realm" in entry.record and not client.is_client(entry.record):
            for collection in LISTS:
                yield from inside(entry, collection)
        else:
            yield entry


def _is_account(item: Members) -> bool:
    return "serviceAccountClientId" in item


def _roles_of(entry: Entry) -> list[str]:
    user = entry.record
    realm = [f"realm: {role}" for role in texts(user, "realmRoles") if not role.startswith("default-roles-")]
    owned = within(user, "clientRoles")
    return realm + [f"{owner}: {role}" for owner in owned for role in texts(owned, owner)]
