"""API tokens of Okta: each acts as the person who made it. https://developer.okta.com/docs/api/openapi/okta-management"""

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.members import Members, known, text, within
from identities.discovery.formats.okta.application import organisation_of
from identities.discovery.reading.moments import moment
from identities.discovery.records import Reported, ReportedCredential


def is_token(item: Members) -> bool:
    """As `/api/v1/api-tokens` lists them: never the token itself."""
    return "tokenWindow" in item or ("clientName" in item and "userId" in item)


def reported(entry: Entry) -> Reported:
    """The token, as what it is: a person's power in the hands of a machine."""
    item = entry.record
    name = text(item, "name") or text(item, "id")
    used, expires = moment(text(item, "lastUsed")), moment(text(item, "expiresAt"))
    owner = text(within(within(item, "_embedded"), "user"), "login", "email") or text(item, "userId")
    credential = ReportedCredential(
        kind="api_token",
        external_id=text(item, "id"),
        name=name,
        exposed_in=f"token of {name} in the export" if entry.held else "",
        created_at=moment(text(item, "created")),
        last_used_at=used,
        expires_at=expires,
    )
    return Reported(
        record_type="api_token",
        key=text(item, "id"),
        label=name,
        place=entry.place,
        account=organisation_of(item) or organisation_of({"_links": within(item, "_link")}),
        facts=known(
            kind="api_client",
            ownership_class="human",
            auth_method="static_api_key",
            blast_radius="human_impersonating",
            technical_owner=owner,
        ),
        credentials=(credential,),
        last_used_at=used,
    )
