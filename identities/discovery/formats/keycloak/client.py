"""A client that acts by itself: confidential, with a service account."""

from collections.abc import Sequence

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.members import Members, known, text, within
from identities.discovery.reading.moments import moment
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.records import Dropped, Reported, ReportedCredential

BUILT_IN = frozenset(
    {"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"}
)  # of every realm
MASTER = "-realm"
MEMBERS = ("publicClient", "serviceAccountsEnabled", "clientAuthenticatorType", "protocol", "secret")
REASONS = {
    "built_in": "A client of Keycloak itself, the same in every realm.",
    "bearer": "It only checks tokens of others (bearer only) and never asks for one.",
    "public": "A public client: people sign in by it, and it has nothing to prove itself with.",
    "people": "People sign in by it; it has no service account to act by itself.",
}
METHODS = {
    "client-secret": ("long_lived_secret", "client_secret"),
    "client-secret-jwt": ("long_lived_secret", "client_secret"),
    "client-jwt": ("long_lived_secret", "signing_key"),
    "client-x509": ("mtls", "certificate"),
    "federated-jwt": ("federated", "federated"),
}
#: Where a realm's export holds values, unless it masks them.
VALUES = ("secret", "registrationAccessToken", "attributes.client.secret")
ADMIN_ROLES = frozenset({"realm-admin", "admin", "create-realm"})
STRONG_ROLES = ("manage-", "impersonation", "create-client")


def is_client(item: Members) -> bool:
    """As the list of clients or a realm's export has it."""
    return "clientId" in item and any(name in item for name in MEMBERS)


def reported(entry: Entry, realm: str, roles: Sequence[str]) -> Reported | Dropped:
    """The client with the roles of its service account, or why it is no row."""
    item = entry.record
    client_id = text(item, "clientId")
    label = text(item, "name") if not text(item, "name").startswith("${") else ""
    if reason := _no_identity(item, client_id):
        return Dropped(place=entry.place, label=label or client_id, reason=REASONS[reason])
    sort = text(item, "clientAuthenticatorType") or "client-secret"
    method, kind = METHODS.get(sort, ("unknown", "client_secret"))
    facts = known(
        kind="oauth_client",
        auth_method=method,
        description=_description(item),
        upstream_trust_source=_trust(item, method),
        protocols=[protocol] if (protocol := text(item, "protocol")) else [],
        downstream_permissions=sorted(set(roles)),
        **powers(roles),
    )
    return Reported(
        record_type="client",
        key=f"{realm}/{client_id}" if realm else client_id,
        label=label or client_id,
        place=entry.place,
        account=realm,
        facts={**facts_from_tags(_words(item)), **facts},
        credentials=(_credential(entry, kind, client_id),),
    )


def powers(roles: Sequence[str]) -> dict[str, str]:
    """What roles of Keycloak's own reach; of other applications' roles nothing is known."""
    names = {
        role.rpartition(": ")[2]
        for role in roles
        if role.startswith(("realm-management: ", "realm: ")) or "-realm: " in role
    }
    if names & ADMIN_ROLES:
        return {"privilege_level": "admin", "blast_radius": "privileged"}
    if any(name.startswith(STRONG_ROLES) for name in names):
        return {"privilege_level": "high", "blast_radius": "privileged"}
    return {}


def _no_identity(item: Members, client_id: str) -> str:
    if client_id in BUILT_IN or (client_id.endswith(MASTER) and item.get("bearerOnly") is True):
        return "built_in"
    if item.get("bearerOnly") is True:
        return "bearer"
    if item.get("publicClient") is True:
        return "public"
    return "" if item.get("serviceAccountsEnabled") is True else "people"


def _description(item: Members) -> str:
    told = text(item, "description", limit=1000)
    told = "" if told.startswith("${") else told
    return f"{told} Disabled in Keycloak.".strip() if item.get("enabled") is False else told


def _trust(item: Members, method: str) -> str:
    """For certificates, whose subject is accepted: without one, everybody's."""
    attributes = within(item, "attributes")
    if method == "mtls":
        return f"x509 subject={text(attributes, 'x509.subjectdn') or '*'}"
    issuer, subject = text(attributes, "jwt.credential.issuer"), text(attributes, "jwt.credential.sub")
    return f"{issuer or 'identity provider'} subject={subject or '*'}" if method == "federated" else ""


def _words(item: Members) -> dict[str, str]:
    """Attributes that people add; those of Keycloak itself have a dot in their name."""
    return {
        name: value for name, value in within(item, "attributes").items() if "." not in name and isinstance(value, str)
    }


def _credential(entry: Entry, kind: str, client_id: str) -> ReportedCredential:
    item = entry.record
    attributes = within(item, "attributes")
    is_open = any(path.startswith(VALUES) for path in entry.held)
    return ReportedCredential(
        kind=kind,
        external_id=client_id,
        name={"client_secret": "client secret", "signing_key": "signed JWT"}.get(kind, kind),
        exposed_in=f"secret of client {client_id} in the export" if is_open else "",
        is_active=item.get("enabled") is not False,
        created_at=moment(text(attributes, "client.secret.creation.time")),
        expires_at=moment(text(attributes, "client.secret.expiration.time")),
    )
