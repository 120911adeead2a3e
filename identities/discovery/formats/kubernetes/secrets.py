"""Secrets: what rests in the cluster by name. Only types that prove somebody elsewhere stand in the register.

https://kubernetes.io/docs/concepts/configuration/secret/#secret-types
"""

from identities.discovery.formats.exports import Entry
from identities.discovery.formats.kubernetes import tokens
from identities.discovery.formats.kubernetes.metadata import facts, full_name, name_of
from identities.discovery.formats.members import known, text, within
from identities.discovery.reading.moments import moment
from identities.discovery.records import Dropped, Reported, ReportedCredential

NOT_IDENTITIES = {
    "kubernetes.io/tls": "A certificate by which a server shows itself, not an identity that calls others.",
    "helm.sh/release.v1": "Helm's record of a release, not a credential.",
    "bootstrap.kubernetes.io/token": "A token by which a node joins the cluster, deleted by the cluster itself.",
    tokens.TYPE: "A token of a service account that it does not name.",
}
PASSWORDS = ("kubernetes.io/basic-auth",)
KEYS = ("kubernetes.io/ssh-auth",)


def reported(entry: Entry) -> Reported | Dropped:
    """A row for the one whom this secret proves elsewhere, known by the secret's name alone."""
    secret, place = entry.record, entry.place
    label = f"secret {full_name(secret)}"
    sort = text(secret, "type") or "Opaque"
    if reason := NOT_IDENTITIES.get(sort):
        return Dropped(place=place, label=label, reason=reason)
    made = text(within(secret, "metadata"), "creationTimestamp")
    credential = ReportedCredential(
        kind="stored_secret",
        external_id=full_name(secret),
        name=name_of(secret),
        stored_at=f"Secret {full_name(secret)}",
        exposed_in=tokens.exposure(entry),
        created_at=moment(made),
    )
    stated = known(kind="api_client", auth_method=_auth_method(sort), description=f"A Secret of type {sort}.")
    return Reported(
        record_type="secret",
        key=full_name(secret),
        label=label,
        place=place,
        facts={**stated, **facts(secret)},
        credentials=(credential,),
    )


def _auth_method(sort: str) -> str:
    if sort in PASSWORDS:
        return "password"
    return "long_lived_secret" if sort in KEYS else ""
