"""Importer for Kubernetes: what `kubectl get … -A -o json` prints."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.exports import Entry, entries
from identities.discovery.formats.kubernetes import accounts, secrets, tokens
from identities.discovery.formats.kubernetes.metadata import full_name, name_of
from identities.discovery.formats.kubernetes.surroundings import BINDINGS, WORKLOADS, Surroundings
from identities.discovery.importers.base import Importer
from identities.discovery.records import Dropped, Reported

LISTS = ("items",)
NAMELESS = "It has no name, so it cannot be told from others."
OTHER = "No identity, nor anything that tells of one."


class Kubernetes(Importer):
    """Service accounts and Secrets; workloads and role bindings only tell of the accounts. No file names its cluster:
    the source that the user names stands for it.
    """

    kind = "kubernetes"
    platform = "kubernetes"
    label = "Kubernetes"
    accepts = (
        "JSON of `kubectl get serviceaccounts,secrets -A -o json`; deployments, cronjobs, rolebindings and "
        "clusterrolebindings may stand beside them"
    )
    signs = ('"kind": "ServiceAccount"', '"kind": "Secret"', '"apiVersion": "v1"', '"apiVersion":"v1"')

    partial = frozenset({"service_account_token"})

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        listed = self.checked(files)
        around = Surroundings()
        for entry in entries(listed, LISTS, secrets=tokens.DATA):
            around.note(entry)
        for entry in entries(listed, LISTS, secrets=tokens.DATA):
            found = self._record(entry, around)
            if found is not None:
                yield found
        for name in sorted(set(around.tokens) - around.accounts):
            yield accounts.of_tokens(name, around.tokens[name], f"tokens of {name}"[:120])

    def _record(self, entry: Entry, around: Surroundings) -> Reported | Dropped | None:
        item = entry.record
        sort = self._sort(entry)
        if not name_of(item):
            return Dropped(place=entry.place, label=sort, reason=NAMELESS)
        if sort == "ServiceAccount":
            return accounts.reported(item, entry.place, around)
        if sort == "Secret":
            return None if item.get("type") == tokens.TYPE and tokens.owner_of(item) else secrets.reported(entry)
        if sort in WORKLOADS or sort in BINDINGS:
            return None  # what it tells is with its service account already
        return Dropped(place=entry.place, label=f"{sort} {full_name(item)}", reason=OTHER)

    def _sort(self, entry: Entry) -> str:
        """Items of a typed list (ServiceAccountList) may leave out their kind."""
        sort = entry.record.get("kind") or str(entry.around.get("kind", "")).removesuffix("List")
        if not isinstance(sort, str) or not sort or "metadata" not in entry.record:
            raise self.mismatch(entry.path, f"{entry.place} is no object of Kubernetes")
        return sort[:60]
