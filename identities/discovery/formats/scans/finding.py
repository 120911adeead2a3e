"""One find of a scanner, as gitleaks and TruffleHog write it.

https://github.com/gitleaks/gitleaks (report format json), https://github.com/trufflesecurity/trufflehog (--json)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from identities.discovery.formats.members import Members, text, within
from identities.discovery.reading.moments import moment

#: Members in which the secret itself stands, whole or in part, or the line around it.
VALUES = ("Secret", "Match", "Line", "Raw", "RawV2", "Redacted", "Message", "StructuredData", "Fragment", "Offender")
_REPOSITORY = re.compile(
    r"(?:https?://|ssh://|git@)(?:[^@/\s]+@)?([^/:\s]+)[/:]([\w.-]+/[\w./-]+?)(?:\.git)?/?(?:/(?:-/)?blob/.*)?$"
)

_LOGIN = re.compile(r"://[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Finding:
    """`repository` is "host/owner/name", "" where the report names none; `owner_arn` whose key it is, if asked."""

    rule: str
    file: str
    line: str = ""
    commit: str = ""
    repository: str = ""
    author: str = ""
    at: datetime | None = None
    is_verified: bool | None = None
    owner_arn: str = ""

    @property
    def fingerprint(self) -> str:
        """Where exactly it was found: the same for the same find in the next report."""
        return ":".join((self.commit[:40], self.file, self.rule, self.line))[-400:]

    @property
    def where(self) -> str:
        """For people: line, file and commit."""
        line = f"line {self.line} of " if self.line else ""
        commit = f" at commit {self.commit[:12]}" if self.commit else ""
        return f"{line}{self.file}{commit}"[:400]


def without_logins(value: Members) -> Members:
    """`value` with user and password cut out of every address in it: clone addresses often hold a token."""
    return {name: _without_login(inner) for name, inner in value.items()}


def gitleaks(item: Members) -> Finding | None:
    """None where it is none of gitleaks'."""
    if "RuleID" not in item or "File" not in item:
        return None
    return Finding(
        rule=text(item, "RuleID"),
        file=text(item, "File"),
        line=text(item, "StartLine"),
        commit=text(item, "Commit"),
        repository=repository_of(text(item, "Link", limit=400)),
        author=text(item, "Email", "Author"),
        at=moment(text(item, "Date")),
    )


def trufflehog(item: Members) -> Finding | None:
    """None where it is none of TruffleHog's. Its metadata stand in one member, named after the sort of source."""
    if "DetectorName" not in item or "SourceMetadata" not in item:
        return None
    data = within(within(item, "SourceMetadata"), "Data")
    place = within(data, *data)
    verified = item.get("Verified")
    return Finding(
        rule=text(item, "DetectorName"),
        file=text(place, "file", "link", "path", "bucket") or "unknown file",
        line=text(place, "line"),
        commit=text(place, "commit"),
        repository=repository_of(text(place, "repository", limit=400)),
        author=text(place, "email"),
        at=moment(text(place, "timestamp")),
        is_verified=verified if isinstance(verified, bool) else None,
        owner_arn=text(within(item, "ExtraData"), "arn", limit=400),
    )


def repository_of(address: str) -> str:
    """ "host/owner/name" of a clone address or of a link into the repository; without a user or token in it."""
    found = _REPOSITORY.match(address)
    return f"{found[1]}/{found[2]}".lower() if found else ""


def _without_login(value: object) -> object:
    if isinstance(value, Mapping):
        return without_logins(value)
    return _LOGIN.sub("://", value) if isinstance(value, str) else value
