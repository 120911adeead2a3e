"""Google Cloud: service accounts, their keys and what they may do, as gcloud prints them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from identities.discovery.formats.members import flag, text, texts
from identities.discovery.reading.moments import moment
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.reading.text import clean
from identities.discovery.records import Reported, ReportedCredential

_NAME = re.compile(r"projects/([^/]+)/serviceAccounts/([^/]+)(?:/keys/([^/]+))?")
_OF_PROJECT = re.compile(r"@([a-z0-9-]+)\.iam\.gserviceaccount\.com$")
ADMIN = frozenset({"roles/owner", "roles/resourcemanager.organizationAdmin", "roles/iam.securityAdmin"})
HIGH = frozenset({"roles/editor"})
#: Google's own agents in a project: nobody holds their keys.
AGENTS = re.compile(r"@(gcp-sa-[a-z0-9-]+\.iam|cloudservices|[a-z0-9-]*-?system(\.iam)?)\.gserviceaccount\.com$")
BY_KEY, BY_GRANT = "service_account_by_key", "service_account_by_grant"
MOST = 100

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Name:
    """A service account as its resource name has it; `key` is "" where the name is not one of a key."""

    project: str
    email: str
    key: str = ""


def name_of(record: Members) -> Name | None:
    """From the resource name; else from e-mail and project. The name's project counts where `projectId` differs."""
    found = _NAME.fullmatch(text(record, "name", limit=400))
    email = text(record, "email", "client_email")
    if found is None and not email:
        return None
    of_email = _OF_PROJECT.search(found.group(2) if found else email)
    named = found.group(1) if found and found.group(1) != "-" else text(record, "projectId", "project_id")
    project = named or (of_email.group(1) if of_email else "")
    return Name(project, found.group(2) if found else email, (found.group(3) or "") if found else "")


@dataclass
class Account:
    """What the files said so far of one service account."""

    name: Name
    place: str
    said: dict[str, object] = field(default_factory=dict)
    keys: dict[str, ReportedCredential] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)

    def add(self, found: ReportedCredential) -> None:
        """A key, listed or as a key file: what either knows of it is kept."""
        known = self.keys.get(found.external_id, found)
        listed = known if known.created_at else found
        self.keys[found.external_id] = replace(listed, exposed_in=known.exposed_in or found.exposed_in)

    def reported(self) -> Reported:
        """The record, keyed by its e-mail: the unique id is missing in some listings, and the e-mail never changes."""
        email, unique = self.name.email, text(self.said, "uniqueId")
        used = moment(self.said.get("lastAuthenticatedTime"))
        return Reported(
            record_type="service_account" if self.said else BY_KEY if self.keys else BY_GRANT,
            key=email,
            label=email,
            place=self.place,
            account=self.name.project,
            facts=self._facts(),
            aliases=tuple(aliases(email, unique)),
            credentials=tuple(self.keys[key] for key in sorted(self.keys)),
            last_used_at=used,
        )

    def _facts(self) -> dict[str, object]:
        facts = facts_from_tags(self.said.get("labels"))
        facts.update(name=text(self.said, "displayName") or self.name.email, kind="service_account")
        if description := clean(self.said.get("description"), 1000):
            facts["description"] = description
        if self.keys:
            facts["auth_method"] = "static_api_key"
        if self.roles:
            facts["downstream_permissions"] = sorted(self.roles)[:MOST]
            facts.update(_privilege({role.partition(" ")[0] for role in self.roles}))
        if flag(self.said, "disabled"):
            facts["description"] = clean(f"Disabled in Google Cloud. {facts.get('description', '')}", 1000)
        return facts


def aliases(email: str, unique: str) -> Iterator[str]:
    """The names by which other sources know a service account."""
    yield f"gcp:service-account:{email.lower()}"
    if len(unique) == 21 and unique.isdigit():
        yield f"gcp:unique-id:{unique}"


def key(record: Members, name: Name, *, exposed_in: str = "") -> ReportedCredential:
    """A key of `keys list`; 9999-12-31 is no end."""
    made = moment(record.get("validAfterTime"))
    return ReportedCredential(
        kind="access_key",
        external_id=name.key,
        name=f"Key {name.key}",
        exposed_in=exposed_in,
        is_active=not flag(record, "disabled"),
        created_at=made,
        last_rotated_at=made,
        expires_at=moment(record.get("validBeforeTime")),
    )


def grants(record: Members) -> Iterator[tuple[str, str]]:
    """The service accounts of a binding, with the role each is given: (e-mail, role)."""
    role = text(record, "role")
    condition = record.get("condition")
    suffix = f" if {text(condition, 'title') or 'a condition holds'}" if isinstance(condition, Mapping) else ""
    for member in texts(record, "members"):
        kind, _, email = member.partition(":")
        if kind == "serviceAccount" and "@" in email and role:
            yield email.partition("?")[0], f"{role}{suffix}"


def _privilege(roles: set[str]) -> dict[str, object]:
    """Owners and editors leave no doubt, nor do viewers alone; of other roles only the names are known."""
    if roles & ADMIN:
        return {"privilege_level": "admin", "blast_radius": "privileged"}
    if roles & HIGH:
        return {"privilege_level": "high", "blast_radius": "privileged"}
    if all(role == "roles/viewer" or role.lower().endswith(("viewer", "reader")) for role in roles):
        return {"privilege_level": "low", "blast_radius": "read_only"}
    return {}
