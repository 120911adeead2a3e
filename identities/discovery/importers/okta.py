"""Importer for Okta: applications with their groups and grants, and API tokens."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from identities.discovery.formats.exports import Entry, entries
from identities.discovery.formats.members import Members, text, within
from identities.discovery.formats.okta import application, token
from identities.discovery.importers.base import Importer
from identities.discovery.records import Dropped, Reported

NAMELESS = "It has no id, so it cannot be told from others."
_APP = re.compile(r"/api/v1/apps/([A-Za-z0-9]+)")


@dataclass
class Assigned:
    """By id of the application: groups whose people may use it, and scopes that it was granted."""

    groups: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    grants: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, item: Members) -> bool:
        """Whether `item` is an assignment or grant, now noted."""
        if "scopeId" in item:
            self.grants[text(item, "clientId") or _app_of(item)].append(text(item, "scopeId"))
        elif "priority" in item or ("profile" in item and "signOnMode" not in item):
            group = within(within(within(item, "_embedded"), "group"), "profile")
            self.groups[_app_of(item)].append(text(group, "name") or text(item, "id"))
        else:
            return False
        return True


class Okta(Importer):
    """Applications only people sign in to are dropped, each with the reason."""

    kind = "okta"
    platform = "okta"
    label = "Okta"
    accepts = (
        "JSON of Okta's API: /api/v1/apps, /api/v1/apps/ID/groups, /api/v1/apps/ID/grants and /api/v1/api-tokens, "
        "together or one by one"
    )
    signs = ('"signOnMode"', '"tokenWindow"', ".okta.com/api/v1/")

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = self.checked(files)
        assigned = Assigned()
        for entry in entries(listed):
            if not application.is_application(entry.record):
                assigned.note(entry.record)
        for entry in entries(listed):
            found = self._record(entry, assigned)
            if found is not None:
                yield found

    def _record(self, entry: Entry, assigned: Assigned) -> Reported | Dropped | None:
        item = entry.record
        key = text(item, "id")
        if application.is_application(item):
            client = text(within(within(item, "credentials"), "oauthClient"), "client_id")
            grants = assigned.grants.get(key, []) or assigned.grants.get(client, [])
            found = application.reported(entry, assigned.groups.get(key, []), grants)
        elif token.is_token(item):
            found = token.reported(entry)
        elif Assigned().note(item):
            return None
        else:
            raise self.mismatch(entry.path, f"{entry.place} is nothing of Okta's that is known")
        return found if key else Dropped(entry.place, found.label, NAMELESS)


def _app_of(item: Members) -> str:
    """The application that an assignment belongs to, which it names by address alone."""
    links = within(item, "_links")
    addresses = (text(within(links, name), "href", limit=400) for name in ("app", "self"))
    found = (_APP.search(address) for address in addresses)
    return next((match[1] for match in found if match), "")
