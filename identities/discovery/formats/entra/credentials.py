"""What a service principal or application proves itself with: key ids, names and dates. Values and hints stay behind.

https://learn.microsoft.com/graph/api/resources/passwordcredential, .../keycredential, .../federatedidentitycredential
"""

from collections.abc import Collection, Iterator

from identities.discovery.formats.members import Members, objects, says_something, text, within
from identities.discovery.reading.moments import moment
from identities.discovery.records import ReportedCredential

SECRETS = ("passwordCredentials", "password_credentials")
STARTS = ("startDateTime", "start_date_time", "startDate")
ENDS = ("endDateTime", "end_date_time", "endDate")
TRUSTS = ("federatedIdentityCredentials", "federated_identity_credentials")


def credentials(item: Members, label: str, held: Collection[str]) -> Iterator[ReportedCredential]:
    """Secrets, certificates and federated credentials, in that order; `held` are the members that held a value."""
    for number, secret in enumerate(objects(item, *SECRETS)):
        is_open = any(path.startswith(f"{name}.{number}.") for path in held for name in SECRETS)
        is_open = is_open or says_something(secret.get("value"))
        exposure = f"passwordCredentials of {label} in the export" if is_open else ""
        yield _dated(secret, "client_secret", exposed_in=exposure)
    for key in objects(item, "keyCredentials", "key_credentials"):
        yield _dated(key, "certificate")
    for trust in objects(item, *TRUSTS):
        yield ReportedCredential(
            kind="federated",
            external_id=text(trust, "id", "name", "subject") or "unnamed",
            name=text(trust, "name"),
        )


def trusts(item: Members) -> list[str]:
    """Which issuer's subject may become this application, as "<issuer> subject=<subject or pattern>"."""
    return sorted(
        f"{text(trust, 'issuer')} subject={_subject(trust)}"
        for trust in objects(item, *TRUSTS)
        if text(trust, "issuer")
    )


def _subject(trust: Members) -> str:
    flexible = within(trust, "claimsMatchingExpression", "claims_matching_expression")
    return text(trust, "subject") or text(flexible, "value") or "*"


def _dated(entry: Members, kind: str, *, exposed_in: str = "") -> ReportedCredential:
    return ReportedCredential(
        kind=kind,
        external_id=text(entry, "keyId", "key_id", "displayName", "display_name") or "unnamed",
        name=text(entry, "displayName", "display_name"),
        exposed_in=exposed_in,
        created_at=moment(text(entry, *STARTS)),
        expires_at=moment(text(entry, *ENDS)),
    )
