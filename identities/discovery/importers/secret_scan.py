"""Importer for reports of secret scanners over .env files and repositories: each leak is a row that nobody owns yet."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from identities.discovery.formats.exports import entries
from identities.discovery.formats.members import known
from identities.discovery.formats.scans.finding import VALUES, Finding, gitleaks, trufflehog, without_logins
from identities.discovery.importers.base import Importer
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.records import Reported, ReportedCredential

MOST = 100
#: Words in a rule's name, and what such a secret is; anything else is a token.
SORTS = {
    "aws": ("access_key", "static_api_key"),
    "private": ("signing_key", "long_lived_secret"),
    "ssh": ("ssh_key", "long_lived_secret"),
    "password": ("password", "password"),
    "postgres": ("password", "password"),
    "mysql": ("password", "password"),
    "jdbc": ("password", "password"),
    "mongodb": ("password", "password"),
    "uri": ("password", "password"),
    "curl-auth-user": ("password", "password"),
}


@dataclass
class Leak:
    """What one rule found in one file of one repository: one row, however often it stands there."""

    first: Finding
    place: str
    finds: dict[str, Finding] = field(default_factory=dict)


class SecretScan(Importer):
    """The secret, the matching line and every part of them stay in the file."""

    kind = "secret-scan"
    platform = "secret-scan"
    label = "Secret scan"
    accepts = "a JSON report of gitleaks (`--report-format json`) or the lines of `trufflehog … --json`"
    signs = ('"RuleID"', '"DetectorName"', '"SourceMetadata"')

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported]:
        leaks: dict[tuple[str, str, str], Leak] = {}
        for entry in entries(self.checked(files), secrets=VALUES, first=without_logins):
            found = gitleaks(entry.record) or trufflehog(entry.record)
            if found is None:
                raise self.mismatch(entry.path, f"{entry.place} is no find of gitleaks or TruffleHog")
            leak = leaks.setdefault((found.repository, found.file, found.rule), Leak(found, entry.place))
            if len(leak.finds) < MOST:
                leak.finds.setdefault(found.fingerprint, found)
        yield from (_reported(leak) for leak in leaks.values())


def _reported(leak: Leak) -> Reported:
    found = leak.first
    kind, method = _sort(found.rule)
    finds = list(leak.finds.values())
    told = {"scan-rule": found.rule, "committed-by": found.author}
    if any(one.is_verified for one in finds):
        told["verified"] = "the scanner signed in with it"
    facts = known(
        kind="cloud_key" if kind == "access_key" else "api_client",
        auth_method=method,
        description=f"A secret that a scan found in {found.file}: rule {found.rule}.",
        repository=found.repository,
        tags=facts_from_tags({name: value for name, value in told.items() if value}).get("tags", {}),
    )
    return Reported(
        record_type="leak",
        key=f"{found.file}#{found.rule}",
        label=f"{found.rule} in {found.file}",
        place=leak.place,
        account=found.repository,
        facts=facts,
        aliases=tuple(sorted({one.owner_arn for one in finds if one.owner_arn})),
        credentials=tuple(_credential(kind, one) for one in finds),
    )


def _credential(kind: str, found: Finding) -> ReportedCredential:
    return ReportedCredential(
        kind=kind,
        external_id=found.fingerprint,
        name=f"{found.rule} in {found.file}"[:254],
        exposed_in=found.where,
        created_at=found.at,
    )


def _sort(rule: str) -> tuple[str, str]:
    lower = rule.lower()
    return next((sort for word, sort in SORTS.items() if word in lower), ("api_token", "static_api_key"))
