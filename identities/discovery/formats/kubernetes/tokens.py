"""Secrets of type kubernetes.io/service-account-token: tokens of a service account that never expire."""

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.kubernetes.metadata import full_name, name_of, namespace_of
from identities.discovery.formats.members import Members, objects, text, within
from identities.discovery.reading.moments import moment
from identities.discovery.records import ReportedCredential

TYPE = "kubernetes.io/service-account-token"
OWNER = "kubernetes.io/service-account.name"
#: Members of a Secret that hold values, taken out as soon as the file is read.
DATA = ("data", "stringData")


def owner_of(secret: Members) -> str:
    """namespace/name of the service account whose token it is; "" where none is named."""
    name = text(within(within(secret, "metadata"), "annotations"), OWNER)
    return f"{namespace_of(secret)}/{name}" if name else ""


def credential(entry: Entry) -> ReportedCredential:
    """The token by name. That its value stood in the file is said, the value is not kept."""
    secret = entry.record
    return ReportedCredential(
        kind="service_account_token",
        external_id=full_name(secret),
        name=name_of(secret),
        stored_at=f"Secret {full_name(secret)}",
        exposed_in=exposure(entry),
        created_at=moment(text(within(secret, "metadata"), "creationTimestamp")),
    )


def exposure(entry: Entry) -> str:
    """Where the value of a Secret lay open; "" where its data were left out or masked."""
    is_open = any(entry.holds(member) for member in DATA)
    return f"data of Secret {full_name(entry.record)} in the export" if is_open else ""


def mentioned(account: Members) -> list[ReportedCredential]:
    """Tokens that the service account itself lists, as clusters before 1.24 made them: names only."""
    namespace = namespace_of(account)
    names = [text(entry, "name") for entry in objects(account, "secrets")]
    return [
        ReportedCredential(
            kind="service_account_token",
            external_id=f"{namespace}/{name}",
            name=name,
            stored_at=f"Secret {namespace}/{name}",
        )
        for name in names
        if name
    ]
