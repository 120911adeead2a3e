"""Production apart from the rest (S3-29): which connection serves an environment, and none reaches into another's."""

from identities.errors import Conflict, Invalid
from identities.vaults import providers
from identities.vaults.models import VaultConnection

PRODUCTION = "production"


def serving(found: list[VaultConnection], environment: str) -> VaultConnection:
    """The one of `found` that serves; raises `Invalid` (member `vault_uri`).

    One for the environment comes first, then one for every environment. Production takes no other than its own, but for
    Steward's own vault, which serves all. An empty environment is not compared.
    """
    exact = [connection for connection in found if environment and connection.environment == environment]
    common = [connection for connection in found if not connection.environment and _may_share(connection, environment)]
    fitting = exact or common or (found if not environment else [])
    if not fitting:
        served = ", ".join(sorted({connection.environment or "every environment" for connection in found}))
        if environment == PRODUCTION:
            said = f"a secret for production lies under a connection for production; this one serves {served}"
            raise Invalid({"vault_uri": [said]})
        raise Invalid({"vault_uri": [f"this vault connection serves {served}, not {environment}"]})
    if not exact and not common and len(fitting) > 1:
        raise Invalid({"vault_uri": ["several vault connections stand for this address; name the environment"]})
    return fitting[0]


def check(connection: VaultConnection) -> None:
    """Raise `Conflict` where its paths and those of another connection of the tenant overlap across production.

    Else whatever is not production would reach production's secrets by a longer name.
    """
    if connection.tenant_id is None:
        return
    others = VaultConnection.objects.filter(
        tenant_id=connection.tenant_id, provider=connection.provider, vault_uri=connection.vault_uri
    ).exclude(pk=connection.pk)
    for other in others:
        if PRODUCTION in (connection.environment, other.environment) and _overlap(connection, other):
            raise Conflict(
                f"Its paths overlap with those of the connection '{other.name}', and one of the two is for production: "
                "give each a prefix of its own",
                code="vault_paths_overlap",
            )


def _may_share(connection: VaultConnection, environment: str) -> bool:
    return environment != PRODUCTION or connection.tenant_id is None


def _overlap(one: VaultConnection, other: VaultConnection) -> bool:
    if one.environment == other.environment:
        return False
    mine, theirs = _area(one), _area(other)
    shared = min(len(mine or ()), len(theirs or ()))
    return mine is not None and theirs is not None and mine[:shared] == theirs[:shared]


def _area(connection: VaultConnection) -> tuple[str, ...] | None:
    vault = providers.vault_class(connection.provider)
    found = vault.area(vault.Settings.from_json(connection.settings))
    return None if found is None else tuple(part.casefold() for part in found)
