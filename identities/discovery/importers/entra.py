"""Importer for Microsoft Entra ID: `az ad sp list`, `az ad app list`, and answers of Microsoft Graph."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.entra import principal
from identities.discovery.formats.entra.directory import Directory
from identities.discovery.formats.exports import Entry, entries
from identities.discovery.importers.base import Importer
from identities.discovery.records import Dropped, Reported

LISTS = ("value",)
PERSON = "A person, group or device, not a service principal or application."


class Entra(Importer):
    """An application and its service principal are one identity, known by their application id."""

    kind = "entra"
    platform = "entra"
    label = "Microsoft Entra ID"
    accepts = (
        "JSON of `az ad sp list --all` and `az ad app list --all`, or of Graph: servicePrincipals and applications "
        "(with owners), oauth2PermissionGrants, appRoleAssignments, servicePrincipalSignInActivities"
    )
    signs = ('"appId"', '"servicePrincipalType"', '"service_principal_type"', "graph.microsoft.com")

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = self.checked(files)
        directory = Directory.of(lambda: entries(listed, LISTS))
        for entry in entries(listed, LISTS):
            found = self._record(entry, directory)
            if found is not None:
                yield found

    def _record(self, entry: Entry, directory: Directory) -> Reported | Dropped | None:
        item = entry.record
        if not principal.is_principal(item):
            return self._aside(entry, directory)
        if refused := principal.refused(entry):
            return refused
        if not principal.is_service_principal(item) and principal.app_id(item) in directory.service_principals:
            return None  # its service principal, in the same files, stands for both
        return principal.reported(entry, directory.about(item))

    def _aside(self, entry: Entry, directory: Directory) -> Dropped | None:
        """What says something of others was taken in already; what is no identity is said to be none."""
        if directory.explains(entry.record):
            return None
        if "userPrincipalName" in entry.record or "user_principal_name" in entry.record:
            return Dropped(place=entry.place, label="a person", reason=PERSON)
        raise self.mismatch(entry.path, f"{entry.place} is nothing of Entra's that is known")
