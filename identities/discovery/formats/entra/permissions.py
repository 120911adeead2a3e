"""What a service principal may do elsewhere: consents of people, roles of applications, and what is only asked for.

https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant and .../approleassignment
"""

from collections.abc import Iterable, Iterator, Mapping

from identities.discovery.formats.members import Members, objects, text

#: Application ids that Microsoft gave its own interfaces, in every tenant.
INTERFACES = {
    "00000003-0000-0000-c000-000000000000": "Microsoft Graph",
    "00000002-0000-0000-c000-000000000000": "Azure AD Graph",
    "00000002-0000-0ff1-ce00-000000000000": "Exchange Online",
    "00000003-0000-0ff1-ce00-000000000000": "SharePoint Online",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013": "Azure Service Management",
}
#: Ids of some permissions of Microsoft Graph, the same in every tenant: those by which an application is judged.
WELL_KNOWN = {
    "e1fe6dd8-ba31-4d61-89e7-88639da4683d": "User.Read",
    "df021288-bdef-4463-88db-98f22de89214": "User.Read.All",
    "741f803b-c850-494e-b5df-cde7c675a1ca": "User.ReadWrite.All",
    "5b567255-7703-4780-807c-7be8301ae99b": "Group.Read.All",
    "62a82d76-70ea-41e2-9197-370581804d09": "Group.ReadWrite.All",
    "7ab1d382-f21e-4acd-a863-ba3e13f7da61": "Directory.Read.All",
    "19dbc75e-c2e2-444c-a770-ec69d8559fc7": "Directory.ReadWrite.All",
    "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9": "Application.ReadWrite.All",
    "06b708a9-e830-4db3-a914-8e69da51d44f": "AppRoleAssignment.ReadWrite.All",
    "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8": "RoleManagement.ReadWrite.Directory",
    "b633e1c5-b582-4048-a93e-9f11b44c7e96": "Mail.Send",
    "e2a3a72e-5f79-4c64-b1b1-878b674786c9": "Mail.ReadWrite",
}
#: Who holds one of these can make itself or others an administrator.
ADMIN = frozenset(
    {
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "Directory.ReadWrite.All",
        "RoleManagement.ReadWrite.Directory",
        "PrivilegedAccess.ReadWrite.AzureAD",
    }
)
SIGN_IN = frozenset({"openid", "profile", "email", "offline_access", "User.Read"})
APPLICATION, DELEGATED, REQUESTED = "application", "delegated", "requested"

Names = Mapping[str, str]


def consents(grant: Members, names: Names) -> Iterator[str]:
    """An oauth2PermissionGrant, one text for each scope: consent of everybody, or of one person."""
    everybody = text(grant, "consentType", "consent_type") == "AllPrincipals"
    resource = _resource(text(grant, "resourceId", "resource_id"), "", names)
    for scope in text(grant, "scope", limit=4000).split():
        yield f"{resource}: {scope} ({DELEGATED} for {'everybody' if everybody else 'one person'})"


def role(assignment: Members, names: Names) -> str:
    """An appRoleAssignment: what the application may do as itself."""
    named = text(assignment, "resourceDisplayName", "resource_display_name")
    resource = _resource(text(assignment, "resourceId", "resource_id"), named, names)
    role_id = text(assignment, "appRoleId", "app_role_id")
    return f"{resource}: {WELL_KNOWN.get(role_id) or names.get(role_id) or role_id} ({APPLICATION})"


def wanted(item: Members, names: Names) -> Iterator[str]:
    """requiredResourceAccess: what the application asks for; whether it was granted stands elsewhere."""
    for resource in objects(item, "requiredResourceAccess", "required_resource_access"):
        app_id = text(resource, "resourceAppId", "resource_app_id")
        for access in objects(resource, "resourceAccess", "resource_access"):
            wish = text(access, "id")
            how = APPLICATION if text(access, "type") == "Role" else DELEGATED
            name = WELL_KNOWN.get(wish) or names.get(wish) or wish
            yield f"{INTERFACES.get(app_id, app_id)}: {name} ({how}, {REQUESTED})"


def names_in(item: Members) -> Iterator[tuple[str, str]]:
    """Ids that a resource in the files explains: its own, and those of its permissions."""
    scopes = list(objects(item, "oauth2PermissionScopes", "oauth2_permission_scopes"))
    roles = list(objects(item, "appRoles", "app_roles"))
    if scopes or roles:
        yield text(item, "id"), text(item, "displayName", "display_name")
    yield from ((text(entry, "id"), text(entry, "value")) for entry in (*scopes, *roles))


def powers(permissions: Iterable[str]) -> dict[str, str]:
    """What the granted permissions amount to, where they leave no doubt: nothing is said of what is only requested."""
    granted = [permission for permission in permissions if not permission.endswith(f"{REQUESTED})")]
    as_itself = {_name(permission) for permission in granted if f"({APPLICATION}" in permission}
    as_anybody = {_name(permission) for permission in granted if "for everybody" in permission} - SIGN_IN
    if as_itself & ADMIN:
        return {"privilege_level": "admin", "blast_radius": "privileged"}
    if any(_writes(name) for name in as_anybody):
        return {"blast_radius": "human_impersonating"}
    if any(_writes(name) for name in as_itself):
        return {"blast_radius": "write_limited"}
    reads = as_itself | as_anybody
    return {"blast_radius": "read_only"} if reads and all(".Read" in name for name in reads) else {}


def _name(permission: str) -> str:
    return permission.split(": ", 1)[-1].split(" (", 1)[0]


def _writes(name: str) -> bool:
    return any(word in name for word in ("Write", "FullControl", "Send", "Manage", "full_access", "user_impersonation"))


def _resource(resource_id: str, named: str, names: Names) -> str:
    return named or names.get(resource_id) or INTERFACES.get(resource_id) or resource_id or "unknown"
