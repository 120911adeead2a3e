"""Importer for GitHub: what `gh api` prints of apps, tokens, secrets' names, deploy keys, environments, workflows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from identities.discovery.formats.exports import Entry, entries
from identities.discovery.formats.github import actions, installation, token
from identities.discovery.formats.members import Members
from identities.discovery.importers.base import Importer
from identities.discovery.records import Dropped, Reported

LISTS = ("installations", "secrets", "environments", "workflows")
SECRETS = ("encrypted_value", "value", "token_last_eight", "key")
NAMELESS = "It has no id and no name, so it cannot be told from others."

#: How each sort of record is told by its members, the most telling first, and what is made of it.
SORTS: tuple[tuple[Callable[[Members], bool], Callable[[Entry], Reported]], ...] = (
    (token.is_fine_grained, token.fine_grained),
    (token.is_authorization, token.authorization),
    (installation.is_installation, installation.reported),
    (actions.is_deploy_key, actions.deploy_key),
    (actions.is_workflow, actions.workflow),
    (actions.is_environment, actions.environment),
    (actions.is_secret, actions.secret),
)


class GitHub(Importer):
    """The sort of each record is told by its members; the organisation by the addresses in it, where it has any."""

    kind = "github"
    platform = "github"
    label = "GitHub"
    accepts = (
        "JSON of `gh api`: installations (or the webhook installation), personal-access-tokens, actions/secrets, "
        "keys, environments, actions/workflows, credential-authorizations"
    )
    signs = ("api.github.com", '"token_name"', '"app_slug"', '"installations"', '"selected_repositories_url"')

    partial = frozenset({"deploy_key", "environment", "workflow", "installation_event"})

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        for entry in entries(self.checked(files), LISTS, secrets=SECRETS):
            found = self._webhook(entry) or self._record(entry)
            yield found if found.key.strip("#/") else Dropped(entry.place, found.label, NAMELESS)

    def _webhook(self, entry: Entry) -> Reported | None:
        inner = entry.record.get("installation")
        if not isinstance(inner, Mapping) or not installation.is_installation(inner):
            return None
        return installation.reported(replace(entry, record=inner), payload=entry.record)

    def _record(self, entry: Entry) -> Reported:
        for is_one, reported in SORTS:
            if is_one(entry.record):
                return reported(entry)
        raise self.mismatch(entry.path, f"{entry.place} is nothing of GitHub's that is known")
