"""An application of Okta: a service that calls by itself, a connector that provisions, or a page people sign in to."""

import re
from collections.abc import Iterator, Sequence

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.members import Members, known, objects, text, texts, within
from identities.discovery.reading.moments import moment
from identities.discovery.records import Dropped, Reported, ReportedCredential

PEOPLE = "People sign in to it; it does nothing by itself: no service, client credentials or provisioning."
#: Features by which Okta itself calls the application with a token of its own.
PROVISIONING = ("PUSH_", "IMPORT_", "GROUP_PUSH", "PROFILE_MASTERING", "SCIM_PROVISIONING")
BY_ITSELF = ("client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer")
SECRETS = ("client_secret_basic", "client_secret_post", "client_secret_jwt")
STRONG = frozenset({"users", "apps", "roles", "groups", "policies"})
METHODS = {**dict.fromkeys(SECRETS, "long_lived_secret"), "private_key_jwt": "long_lived_secret"}
_ORGANISATION = re.compile(r"https?://([\w.-]+)/")


def is_application(item: Members) -> bool:
    """As `/api/v1/apps` lists them."""
    return "signOnMode" in item or ("label" in item and "settings" in item)


def reported(entry: Entry, groups: Sequence[str], grants: Sequence[str]) -> Reported | Dropped:
    """The application, with who is assigned to it and what it was granted; dropped where only people use it."""
    item = entry.record
    label = text(item, "label", "name") or text(item, "id")
    client = within(within(item, "settings"), "oauthClient")
    connects = any(feature.startswith(PROVISIONING) for feature in texts(item, "features"))
    calls = text(client, "application_type") == "service" or any(
        kind in BY_ITSELF for kind in texts(client, "grant_types")
    )
    if not (calls or connects or grants):
        return Dropped(place=entry.place, label=label, reason=PEOPLE)
    method = text(within(within(item, "credentials"), "oauthClient"), "token_endpoint_auth_method")
    facts = known(
        kind="oauth_client" if calls or grants else "saas_connector",
        ownership_class="" if calls or grants else "vendor",
        auth_method=METHODS.get(method, ""),
        description=_description(item, method),
        protocols=[mode] if (mode := text(item, "signOnMode")) else [],
        upstream_dependencies=sorted(f"group {group}" for group in groups),
        downstream_permissions=sorted(grants),
        **powers(grants),
    )
    return Reported(
        record_type="application",
        key=text(item, "id"),
        label=label,
        place=entry.place,
        account=organisation_of(item),
        facts=facts,
        credentials=tuple(_credentials(entry, method)),
    )


def organisation_of(item: Members) -> str:
    """The host of the organisation, from the addresses that Okta puts into every object; "" where there are none."""
    links = within(item, "_links")
    addresses = [text(within(links, name), "href", limit=400) for name in links]
    found = (_ORGANISATION.match(address) for address in addresses)
    return next((match[1].lower() for match in found if match and "-admin." not in match[1]), "")


def powers(grants: Sequence[str]) -> dict[str, str]:
    """What scopes of Okta's own API reach: who manages users, apps or roles makes administrators."""
    managed = {scope.split(".")[1] for scope in grants if scope.startswith("okta.") and ".manage" in scope}
    if managed & STRONG:
        return {"privilege_level": "high", "blast_radius": "privileged"}
    if managed:
        return {"blast_radius": "write_limited"}
    return {"blast_radius": "read_only"} if grants and all(scope.endswith(".read") for scope in grants) else {}


def _description(item: Members, method: str) -> str:
    status = text(item, "status").lower()
    parts = [f"signs in by {method}" if method else "", status if status != "active" else ""]
    told = ", ".join(filter(None, parts))
    return f"An Okta application: {told}." if told else "An Okta application."


def _credentials(entry: Entry, method: str) -> Iterator[ReportedCredential]:
    """A client secret by name, or each public key by its id."""
    item = entry.record
    is_active = text(item, "status").upper() != "INACTIVE"
    is_open = entry.holds("credentials.oauthClient.client_secret")
    if method in SECRETS or is_open:
        yield ReportedCredential(
            kind="client_secret",
            external_id=text(within(within(item, "credentials"), "oauthClient"), "client_id") or text(item, "id"),
            name="client secret",
            exposed_in=f"client_secret of {text(item, 'label')} in the export" if is_open else "",
            is_active=is_active,
            created_at=moment(text(item, "created")),
        )
    keys = objects(within(within(within(item, "settings"), "oauthClient"), "jwks"), "keys")
    for key in keys if method == "private_key_jwt" else ():
        made = moment(text(key, "created"))
        key_id = text(key, "kid", "id") or "unnamed"
        yield ReportedCredential("signing_key", key_id, "public key", is_active=is_active, created_at=made)
