"""IdentityFacts: all that the rules may know of an identity, gathered beforehand. Pure: no ORM, no clock."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from audit.scrubbing import holds_secret
from identities.detections.account_facts import AccountFact
from identities.detections.leak_facts import LeakFact
from identities.inventory.standards import DEFAULTS, Standards
from identities.inventory.states import State
from identities.inventory.vocabulary import AuthMethod, BlastRadius, OwnershipClass, PrivilegeLevel

#: Kinds of external credentials that whoever reads them can use, as long as they live.
STATIC_KINDS = frozenset(
    {"access_key", "api_token", "client_secret", "signing_key", "ssh_key", "service_account_token", "password"}
)
#: The states in which an identity works, or will again without being asked.
STANDING = frozenset({State.ACTIVE.value, State.PAUSED.value, State.QUARANTINED.value})
#: Texts that somebody typed, or a source reported.
WRITTEN = (
    "name", "description", "purpose", "upstream_trust_source", "deprovisioning_trigger", "revocation_procedure",
    "vendor_contract", "ticket", "repository", "business_unit", "application", "team",
)  # fmt: skip
#: A date beyond this is somebody's way to write "never".
NEVER_YEAR = 2100


#: The id of a cloud's access key: a name, though what masks texts for the audit is careful and masks it too.
_KEY_ID = re.compile(r"\bA[KS]IA[0-9A-Z]{16}\b")
_WORDS = {"api_token": "API token", "ssh_key": "SSH key"}
_KINDS = {
    "api_client": "an API client", "oauth_client": "an OAuth client", "ai_agent": "an AI agent", "rpa": "an RPA flow",
    "saas_connector": "a SaaS connector",
}  # fmt: skip


def kind_words(kind: str) -> str:
    """A kind with its article, for a sentence: `an API client`."""
    return _KINDS.get(kind) or f"a {kind.replace('_', ' ')}"


def reads_as_secret(text: str) -> bool:
    """Does `text` hold something that reads as a secret, beyond names of keys?"""
    return holds_secret(text) and holds_secret(_KEY_ID.sub("", text))


@dataclass(frozen=True, slots=True)
class OwnerFact:
    """Somebody named as owner, in a role of the register; `person_id` is None while the name is matched to nobody."""

    role: str
    label: str
    person_id: UUID | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class CredentialFact:
    """A live credential, or one whose value lay open. `is_ours`: we issued it and know `rotate_by`.

    `shown_to`: the first of those it was shown to whose account is disabled now, and when.
    """

    id: UUID
    kind: str
    label: str
    is_ours: bool = False
    is_live: bool = True
    source: str = ""
    scope: tuple[str, ...] = ()
    stored_at: str = ""
    exposed_in: str = ""
    created_at: datetime | None = None
    last_rotated_at: datetime | None = None
    rotate_by: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    shown_to: str = ""
    shown_at: datetime | None = None

    @property
    def words(self) -> str:
        """What it is and how it is called: `access key AKIA…`; once only where its name says what it is."""
        kind = _WORDS.get(self.kind) or self.kind.replace("_", " ")
        if kind.lower() not in self.label.lower():
            return f"{kind} {self.label}"
        return self.label if self.label[1:2].isupper() else self.label[:1].lower() + self.label[1:]

    @property
    def is_static(self) -> bool:
        """Can it be copied and used elsewhere?"""
        return self.kind in STATIC_KINDS

    @property
    def has_expiry(self) -> bool:
        return self.expires_at is not None and self.expires_at.year < NEVER_YEAR


@dataclass(frozen=True, slots=True)
class BindingFact:
    """A role that is held now, and when it last gave a permission that was used."""

    id: UUID
    role: str
    permissions: frozenset[str]
    valid_from: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrantFact:
    """A secret that it may read: `schedule` names for which of its schedules, empty for whatever it does."""

    id: UUID
    place: str
    since: datetime
    schedule: str = ""
    last_used_at: datetime | None = None
    cadence: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another identity of the tenant that uses the same thing."""

    id: UUID
    name: str
    environment: str


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A place in a vault, and the other identities whose secrets rest in it."""

    place: str
    others: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that works as this identity: its name and, if known, which team runs it."""

    name: str
    kind: str = "workload"
    team: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Something that is due and would fail, tried beforehand: what, why, when first, and where it is mended.

    `text` is a sentence; `remedy` a command's key on the identity, perhaps with `#field`, or a tab.
    """

    what: str
    code: str
    text: str
    at: datetime | None = None
    remedy: str = ""
    stops_runs: bool = True


@dataclass(frozen=True, kw_only=True)
class IdentityFacts:
    """One identity as a row of the register, with its credentials, roles and neighbours.

    Empty text, None and an empty tuple mean that it is not known. `namesake`: the address of the person whose account
    has this name. `use_state` and `unreported_since` are the register's own verdicts.
    `shared_until`: so long it may serve several workloads, by an exception.
    """

    id: UUID
    tenant_id: UUID
    name: str
    kind: str
    state: str
    issuance: str = "portal"
    ownership_class: str = "workload"
    environment: str = ""
    purpose: str = ""
    description: str = ""
    owners: tuple[OwnerFact, ...] = ()
    team: str = ""
    team_answers: bool = False
    function: str = ""
    trust_boundary: str = ""
    blast_radius: str = ""
    privilege_level: str = ""
    data_classification: str = ""
    risk_tier: str = "medium"
    internet_exposed: bool = False
    auth_method: str = "unknown"
    upstream_trust_source: str = ""
    downstream_systems: tuple[str, ...] = ()
    downstream_permissions: tuple[str, ...] = ()
    deprovisioning_trigger: str = ""
    revocation_procedure: str = ""
    revocation_tested_at: datetime | None = None
    vendor_contract: str = ""
    vendor_renewal_on: date | None = None
    rotation_interval_days: int | None = None
    expires_at: datetime | None = None
    review_by: date | None = None
    ticket: str = ""
    repository: str = ""
    business_unit: str = ""
    application: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    use_state: str = "unobserved"
    reported_by: tuple[str, ...] = ()
    unreported_since: datetime | None = None
    last_used_at: datetime | None = None
    created_at: datetime | None = None
    credentials: tuple[CredentialFact, ...] = ()
    bindings: tuple[BindingFact, ...] = ()
    grants: tuple[GrantFact, ...] = ()
    shared_places: tuple[SharedPlace, ...] = ()
    workloads: tuple[Workload, ...] = ()
    foreseen: tuple[Foreseen, ...] = ()
    leaks: tuple[LeakFact, ...] = ()
    namesake: str = ""
    account: AccountFact | None = None
    shared_until: datetime | None = None
    rotation_days: int = 90
    standards: Standards = DEFAULTS

    @property
    def is_standing(self) -> bool:
        return self.state in STANDING

    @property
    def is_vendor(self) -> bool:
        return self.ownership_class == OwnershipClass.VENDOR

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_powerful(self) -> bool:
        """High privilege, as triage counts it (S3-45)."""
        high = {PrivilegeLevel.HIGH, PrivilegeLevel.ADMIN}
        far = {BlastRadius.PRIVILEGED, BlastRadius.HUMAN_IMPERSONATING}
        return self.privilege_level in high or self.blast_radius in far

    @property
    def live_credentials(self) -> Iterator[CredentialFact]:
        return (credential for credential in self.credentials if credential.is_live)

    @property
    def static_credentials(self) -> list[CredentialFact]:
        """Live ones that can be copied; those of ours too."""
        return [credential for credential in self.live_credentials if credential.is_static]

    @property
    def is_static(self) -> bool:
        """Does it prove itself with something that can be copied, as it says or as its credentials show?"""
        said = {AuthMethod.STATIC_API_KEY, AuthMethod.LONG_LIVED_SECRET, AuthMethod.PASSWORD}
        return self.auth_method in said or bool(self.static_credentials)

    @property
    def permissions(self) -> frozenset[str]:
        """What its roles permit together."""
        return frozenset(name for binding in self.bindings for name in binding.permissions)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """What people and sources wrote, by the name of the field; all that a rule may quote is in here."""
        held = "\n".join(f"{it.stored_at}\n{it.exposed_in}\n{it.label}" for it in self.credentials)
        return {
            **{name: getattr(self, name) for name in WRITTEN},
            "tags": "\n".join(self.tags.values()),
            "downstream_systems": "\n".join(self.downstream_systems),
            "downstream_permissions": "\n".join(self.downstream_permissions),
            "credentials": held,
        }

    @cached_property
    def is_tainted(self) -> bool:
        """Does anything in it read as a secret? One look over everything: hardly ever is there anything to find."""
        around = [f"{shared.place}\n{other.name}" for shared in self.shared_places for other in shared.others]
        around += [f"{work.name}\n{work.team}" for work in self.workloads]
        around += [f"{seen.what}\n{seen.text}" for seen in self.foreseen]
        around += [owner.label for owner in self.owners]
        around += [f"{grant.place}\n{grant.schedule}" for grant in self.grants]
        return reads_as_secret("\n".join((*self.texts.values(), *around)))

    def owner(self, role: str) -> OwnerFact | None:
        """Who is named in this role."""
        return next((owner for owner in self.owners if owner.role == role), None)

    def has_active(self, *roles: str) -> bool:
        """Is there a person with a working account in one of these roles?"""
        return any(owner.is_active for owner in self.owners if owner.role in roles)
