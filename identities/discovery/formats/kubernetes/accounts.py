"""ServiceAccount: the identity of what runs in a cluster.

https://kubernetes.io/docs/concepts/security/service-accounts/
"""

from collections.abc import Sequence

from identities.discovery.formats.kubernetes import federation, tokens
from identities.discovery.formats.kubernetes.metadata import facts, full_name
from identities.discovery.formats.kubernetes.surroundings import Surroundings
from identities.discovery.formats.members import Members, known
from identities.discovery.records import Reported, ReportedCredential

ALL_POWERFUL = frozenset({"kubernetes: ClusterRole cluster-admin in the whole cluster"})
STRONG = ("cluster-admin", "admin")
WEAK = frozenset({"view"})
STATIC = "long_lived_secret"


def reported(account: Members, place: str, around: Surroundings) -> Reported:
    """The service account with its tokens, what runs as it and what it may do, as far as the same export says."""
    name = full_name(account)
    credentials = _credentials(account, around.tokens.get(name, []))
    grants = around.grants.get(name, [])
    abroad = federation.permissions(account)
    known_here = known(
        kind="service_account",
        auth_method=(method := _auth_method(credentials, federated=bool(abroad))),
        upstream_trust_source="" if method == STATIC else federation.trust(account),
        upstream_dependencies=sorted(around.workloads.get(name, [])),
        downstream_permissions=sorted({*grants, *abroad}),
        **_powers(grants),
    )
    return Reported(
        record_type="service_account",
        key=name,
        label=name,
        place=place,
        aliases=(own_name(name),),
        facts={**known_here, **facts(account)},
        credentials=tuple(credentials),
    )


def of_tokens(name: str, found: Sequence[ReportedCredential], place: str) -> Reported:
    """A service account of which only tokens are in the files: it is there all the same."""
    return Reported(
        record_type="service_account_token",
        key=name,
        label=name,
        place=place,
        aliases=(own_name(name),),
        facts=known(kind="service_account", auth_method=STATIC),
        credentials=tuple(found),
    )


def own_name(name: str) -> str:
    """How records of one cluster mean the same service account: an alias that holds within its own source only."""
    return f"./serviceaccount/{name}"


def _credentials(account: Members, found: Sequence[ReportedCredential]) -> list[ReportedCredential]:
    """Tokens whose Secret is in the files, and those that the account only names."""
    by_id = {credential.external_id: credential for credential in tokens.mentioned(account)}
    by_id |= {credential.external_id: credential for credential in found}
    return [by_id[name] for name in sorted(by_id)]


def _auth_method(credentials: Sequence[ReportedCredential], *, federated: bool) -> str:
    """A token in a Secret never expires; without one the cluster hands out short ones, bound to the pod."""
    if federated:
        return "federated"
    return STATIC if credentials else "conditional_service_account"


def _powers(grants: Sequence[str]) -> dict[str, str]:
    """How much it may do, where the files hold bindings of it: not a word where they hold none."""
    if ALL_POWERFUL & set(grants):
        return {"privilege_level": "admin", "blast_radius": "privileged"}
    roles = {grant.split()[2] for grant in grants}
    if roles & set(STRONG):
        return {"privilege_level": "high", "blast_radius": "privileged"}
    return {"privilege_level": "low", "blast_radius": "read_only"} if roles and roles <= WEAK else {}
