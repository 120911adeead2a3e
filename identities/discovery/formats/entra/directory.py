"""What the objects of a directory say of each other: gathered first, so that the second reading can stream."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from identities.discovery.formats.entra import permissions, principal
from identities.discovery.formats.exports import Entry
from identities.discovery.formats.members import Members, text, within
from identities.discovery.reading.moments import latest, moment

SIGN_INS = ("lastSignInActivity", "last_sign_in_activity")
#: What an application adds to its service principal; the rest of it is let go, for there may be many.
ADDED = frozenset(
    {
        *("displayName", "passwordCredentials", "keyCredentials", "federatedIdentityCredentials"),
        *("display_name", "password_credentials", "key_credentials", "federated_identity_credentials"),
        *("owners", "requiredResourceAccess", "required_resource_access"),
    }
)


@dataclass
class Directory:
    """`service_principals` are application ids; grants stand by the object id of the one who holds them."""

    service_principals: set[str] = field(default_factory=set)
    applications: dict[str, Entry] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    own_tenants: set[str] = field(default_factory=set)
    consents: dict[str, list[Members]] = field(default_factory=lambda: defaultdict(list))
    roles: dict[str, list[Members]] = field(default_factory=lambda: defaultdict(list))
    last_used: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, read: Callable[[], Iterable[Entry]]) -> "Directory":
        """Read once; a second time only where there are applications beside service principals."""
        directory = cls()
        has_applications = False
        for entry in read():
            directory._note(entry.record)
            has_applications = has_applications or _is_application(entry.record)
        if has_applications and directory.service_principals:
            for entry in read():
                if _is_application(entry.record):
                    directory._note_application(entry)
            for entry in read():
                directory._note_home(entry.record)
        return directory

    def explains(self, item: Members) -> bool:
        """Whether `item` is one of those that say something of others."""
        return _is_consent(item) or _is_role(item) or any(name in item for name in SIGN_INS)

    def about(self, item: Members) -> principal.Known:
        """What the other objects say of this service principal or application."""
        held = text(item, "id", "objectId").lower()
        granted = {scope for grant in self.consents.get(held, ()) for scope in permissions.consents(grant, self.names)}
        granted |= {permissions.role(assignment, self.names) for assignment in self.roles.get(held, ())}
        return principal.Known(
            granted=granted,
            application=self.applications.get(principal.app_id(item)),
            names=self.names,
            own_tenant=next(iter(self.own_tenants)) if len(self.own_tenants) == 1 else "",
            last_used_at=self.last_used.get(principal.app_id(item)),
        )

    def _note(self, item: Members) -> None:
        if principal.is_principal(item):
            if principal.is_service_principal(item):
                self.service_principals.add(principal.app_id(item))
            self.names.update((key, name) for key, name in permissions.names_in(item) if key and name)
            self.own_tenants |= {found for found in [principal.tenant(item)] if found}
        elif _is_consent(item):
            self.consents[text(item, "clientId", "client_id").lower()].append(item)
        elif _is_role(item):
            self.roles[text(item, "principalId", "principal_id").lower()].append(item)
        self._note_use(item)

    def _note_use(self, item: Members) -> None:
        at = moment(text(within(item, *SIGN_INS), "lastSignInDateTime", "last_sign_in_date_time"))
        app_id = principal.app_id(item)
        if at and app_id and (last := latest(at, self.last_used.get(app_id))):
            self.last_used[app_id] = last

    def _note_application(self, entry: Entry) -> None:
        if (app_id := principal.app_id(entry.record)) in self.service_principals:
            needed = {name: value for name, value in entry.record.items() if value and name in ADDED}
            self.applications[app_id] = replace(entry, record=needed)

    def _note_home(self, item: Members) -> None:
        """An application stands only in the tenant that made it: its service principal names that tenant."""
        if principal.app_id(item) in self.applications and (maker := principal.made_in(item)):
            self.own_tenants.add(maker)


def _is_application(item: Members) -> bool:
    return principal.is_principal(item) and not principal.is_service_principal(item)


def _is_consent(item: Members) -> bool:
    return ("clientId" in item or "client_id" in item) and "scope" in item


def _is_role(item: Members) -> bool:
    return ("appRoleId" in item or "app_role_id" in item) and ("principalId" in item or "principal_id" in item)
