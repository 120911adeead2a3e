"""A service principal or application as the register sees it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from identities.discovery.formats.entra import credentials, permissions
from identities.discovery.formats.exports import Entry
from identities.discovery.formats.members import Members, flag, known, objects, text, texts, within
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.records import Dropped, Reported, ReportedCredential

#: The tenant in which Microsoft made the applications that stand in every directory.
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
FIRST_PARTY = "Microsoft's own application, the same in every directory: nobody here owns or rotates it."
NAMELESS = "It has neither an object id nor an application id, so it cannot be told from others."
KINDS = {"managedidentity": "workload", "legacy": "service_account", "agentidentity": "ai_agent"}
SERVICE_PRINCIPAL = ("servicePrincipalType", "accountEnabled", "appOwnerOrganizationId", "servicePrincipalNames")


@dataclass(frozen=True, slots=True)
class Known:
    """What other objects of the files say of this one: granted permissions, its application, its tenant, last use."""

    granted: Iterable[str] = ()
    application: Entry | None = None
    names: permissions.Names = field(default_factory=dict)
    own_tenant: str = ""
    last_used_at: datetime | None = None


def is_service_principal(item: Members) -> bool:
    """Told from an application by members that only a service principal has, in either spelling."""
    odata = text(item, "@odata.type", "odata_type").lower()
    if odata:
        return odata.endswith("serviceprincipal")
    return any(name in item or _snake(name) in item for name in SERVICE_PRINCIPAL)


def is_principal(item: Members) -> bool:
    """A service principal or application, not something that speaks of one."""
    return bool(
        app_id(item) and not {"lastSignInActivity", "last_sign_in_activity"} & set(item)
    ) or is_service_principal(item)


def tenant(item: Members) -> str:
    """The tenant that the file is from, where it names it."""
    return text(item, "tenantId", "tenant_id", "homeTenantId").lower()


def app_id(item: Members) -> str:
    """The application id, the same on an application and on its service principal; "" where there is none."""
    return text(item, "appId", "app_id").lower()


def made_in(item: Members) -> str:
    """The tenant that made the application: not necessarily the one that the file is from."""
    return text(item, "appOwnerOrganizationId", "app_owner_organization_id", "appOwnerTenantId").lower()


def refused(entry: Entry) -> Dropped | None:
    """Why this object is no row of the register, if it is none."""
    item = entry.record
    label = name(item)
    if not _object_id(item) and not app_id(item):
        return Dropped(place=entry.place, label=label, reason=NAMELESS)
    if made_in(item) == MICROSOFT:
        return Dropped(place=entry.place, label=label, reason=FIRST_PARTY)
    return None


def reported(entry: Entry, about: Known) -> Reported:
    """The row, with what its application object adds: credentials, owners, what it asks for."""
    item = entry.record
    halves = [entry, *([about.application] if about.application else [])]
    both = [half.record for half in halves]
    found = _credentials(halves)
    asked = [wish for half in both for wish in permissions.wanted(half, about.names)]
    may = sorted({*about.granted, *_nested(item, about.names)}) or sorted(set(asked))
    trusts = sorted({trust for half in both for trust in credentials.trusts(half)})
    facts = known(
        kind=KINDS.get(_sort(item), "oauth_client"),
        ownership_class=_ownership(item, about.own_tenant),
        description=text(item, "description", "appDescription", "notes", limit=1000),
        auth_method=_auth_method(item, found, may),
        upstream_trust_source="; ".join(trusts)[:254] or _platform_trust(item),
        downstream_permissions=may,
        downstream_systems=sorted({permission.split(": ", 1)[0] for permission in may}),
        protocols=_protocols(item),
        **permissions.powers(may),
    )
    return Reported(
        record_type="service_principal" if is_service_principal(item) else "application",
        key=_object_id(item) or f"appId:{app_id(item)}",
        label=name(item),
        place=entry.place,
        account=tenant(item),
        facts={**_from_tags(item), **facts, **_owners(both)},
        aliases=tuple(_aliases(item)),
        credentials=tuple(found),
        last_used_at=about.last_used_at,
    )


def name(item: Members) -> str:
    """What people call it, else its application id."""
    return text(item, "displayName", "display_name", "appDisplayName", "app_display_name") or app_id(item)


def _object_id(item: Members) -> str:
    return text(item, "id", "objectId", "object_id").lower()


def _sort(item: Members) -> str:
    return text(item, "servicePrincipalType", "service_principal_type").lower()


def _ownership(item: Members, own_tenant: str) -> str:
    """A vendor's where another tenant made it: only said where the files tell which tenant is one's own."""
    maker = made_in(item)
    return "vendor" if maker and own_tenant and maker != own_tenant else ""


def _credentials(halves: list[Entry]) -> list[ReportedCredential]:
    by_id: dict[tuple[str, str], ReportedCredential] = {}
    for half in halves:
        for credential in credentials.credentials(half.record, name(half.record), half.held):
            by_id.setdefault((credential.kind, credential.external_id), credential)
    return list(by_id.values())


def _nested(item: Members, names: permissions.Names) -> set[str]:
    """Grants that Graph expanded into the object itself."""
    consents = {
        consent
        for grant in objects(item, "oauth2PermissionGrants", "oauth2_permission_grants")
        for consent in permissions.consents(grant, names)
    }
    return consents | {
        permissions.role(role, names) for role in objects(item, "appRoleAssignments", "app_role_assignments")
    }


def _auth_method(item: Members, found: list[ReportedCredential], may: list[str]) -> str:
    """The weakest that it holds: a secret beside a federated credential can still be used alone."""
    kinds = {credential.kind for credential in found}
    if _sort(item) == "managedidentity":
        return "federated"
    if kinds & {"client_secret", "certificate"}:
        return "long_lived_secret"
    if kinds:
        return "federated"
    granted = [permission for permission in may if not permission.endswith("requested)")]
    return "oauth_delegated" if granted and all("(delegated" in permission for permission in granted) else ""


def _platform_trust(item: Members) -> str:
    """Azure itself vouches for a managed identity, for the one resource that it belongs to."""
    if _sort(item) != "managedidentity":
        return ""
    resource = next((name for name in texts(item, "alternativeNames", "alternative_names") if name[:1] == "/"), "")
    return f"azure subject={resource or _object_id(item)}"[:254]


def _protocols(item: Members) -> list[str]:
    mode = text(item, "preferredSingleSignOnMode", "preferred_single_sign_on_mode")
    return [mode] if mode and mode != "notSupported" else []


def _from_tags(item: Members) -> dict[str, object]:
    """What tags say that are written "name=value"; Entra's own are bare words. A disabled one says so."""
    pairs = [tag for tag in texts(item, "tags") if "=" in tag or ":" in tag]
    state = ["accountEnabled=false"] if flag(item, "accountEnabled", "account_enabled") is False else []
    publisher = text(within(item, "verifiedPublisher", "verified_publisher"), "displayName", "display_name")
    maker = made_in(item)
    made = [f"appOwnerOrganizationId={maker}"] if maker else []
    return facts_from_tags([*pairs, *state, *made, *([f"verifiedPublisher={publisher}"] if publisher else [])])


def _owners(both: list[Members]) -> dict[str, str]:
    """The first person is proposed as technical owner, the second as deputy; groups and applications are passed by."""
    listed = [owner for half in both for owner in objects(half, "owners")]
    people = [text(owner, "userPrincipalName", "user_principal_name", "mail") for owner in listed]
    return dict(zip(("technical_owner", "deputy_owner"), dict.fromkeys(filter(None, people)), strict=False))


def _aliases(item: Members) -> list[str]:
    """The application id is the same on both objects; a managed identity also goes by its resource's path."""
    resources = [name for name in texts(item, "alternativeNames", "alternative_names") if name.startswith("/")]
    return [f"entra:appId:{found}" for found in [app_id(item)] if found] + [
        f"azure:{name.lower()}" for name in resources
    ]


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
