"""Tokens of persons: fine-grained ones by the organisation's list, all authorised ones by SAML single sign-on.

A person's token in the hands of a machine belongs to the person: ownership class human.
https://docs.github.com/rest/orgs/personal-access-tokens
https://docs.github.com/rest/orgs/orgs#list-saml-sso-authorizations-for-an-organization
"""

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.github.permissions import powers, spoken
from identities.discovery.formats.members import Members, known, text, texts, within
from identities.discovery.reading.moments import moment
from identities.discovery.records import Reported, ReportedCredential

#: Scopes of classic tokens and what they reach.
STRONG_SCOPES = ("admin:", "delete", "site_admin", "workflow", "write:org", "write:enterprise")


def is_fine_grained(item: Members) -> bool:
    """As an organisation lists them; the token itself is never in the list."""
    return "token_id" in item or "token_name" in item


def is_authorization(item: Members) -> bool:
    """As the list of SAML credential authorizations has it."""
    return "credential_id" in item and "credential_type" in item


def fine_grained(entry: Entry) -> Reported:
    """A fine-grained token with access to an organisation; its natural key is the grant's id."""
    item = entry.record
    login = text(within(item, "owner"), "login")
    granted = spoken(within(item, "permissions"))
    used = moment(text(item, "token_last_used_at"))
    expires = moment(text(item, "token_expires_at"))
    credential = ReportedCredential(
        kind="api_token",
        external_id=text(item, "token_id", "id"),
        name=text(item, "token_name"),
        scope=tuple(granted),
        is_active=item.get("token_expired") is not True,
        created_at=moment(text(item, "access_granted_at")),
        last_used_at=used,
        expires_at=expires,
    )
    return Reported(
        record_type="personal_token",
        key=text(item, "id", "token_id"),
        label=_label(text(item, "token_name") or f"token {text(item, 'token_id')}", login),
        place=entry.place,
        facts={**_of_a_person(login), **known(expires_at=expires, downstream_permissions=granted, **powers(granted))},
        credentials=(credential,),
        last_used_at=used,
    )


def authorization(entry: Entry) -> Reported:
    """A classic token or SSH key that its owner authorised; the last letters of a token are not kept."""
    item = entry.record
    login = text(item, "login")
    is_ssh = text(item, "credential_type").lower() == "ssh key"
    named = text(item, "authorized_credential_title", "authorized_credential_note")
    scopes = texts(item, "scopes")
    used = moment(text(item, "credential_accessed_at"))
    expires = moment(text(item, "authorized_credential_expires_at"))
    credential = ReportedCredential(
        kind="ssh_key" if is_ssh else "api_token",
        external_id=text(item, "credential_id"),
        name=named,
        scope=scopes,
        created_at=moment(text(item, "credential_authorized_at")),
        last_used_at=used,
        expires_at=expires,
    )
    label = named or f"{text(item, 'credential_type')} {text(item, 'credential_id')}"
    return Reported(
        record_type="authorized_credential",
        key=text(item, "credential_id"),
        label=_label(label, login),
        place=entry.place,
        facts={
            **_of_a_person(login),
            **known(expires_at=expires, downstream_permissions=sorted(scopes), **_scope_powers(scopes)),
        },
        credentials=(credential,),
        last_used_at=used,
    )


def _of_a_person(login: str) -> dict[str, object]:
    return known(kind="api_client", ownership_class="human", auth_method="static_api_key", technical_owner=login)


def _label(name: str, login: str) -> str:
    return f"{name} of {login}" if login else name


def _scope_powers(scopes: tuple[str, ...]) -> dict[str, str]:
    if any(scope.startswith(STRONG_SCOPES) for scope in scopes):
        return {"blast_radius": "privileged", "privilege_level": "high"}
    if any(scope in {"repo", "public_repo", "gist"} or scope.startswith("write:") for scope in scopes):
        return {"blast_radius": "write_limited"}
    return {"blast_radius": "read_only"} if scopes and all(scope.startswith("read:") for scope in scopes) else {}
