"""How far an identity could reach when it was stopped: the facts that its runbook is made of."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import TextField
from django.db.models.functions import Cast

from identities.credentials.places import resting
from identities.credentials.selectors import live_keys, live_secrets
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import freezing, runbook
from identities.lifecycle.evidence.base import Readable
from identities.lifecycle.models import Quarantine
from identities.tokens import settings as passport

Place = tuple[str, str]
#: Who vouches for what we issue: no source to be isolated.
OURSELVES = frozenset({"passport", "steward", "steward passport"})


def known(row: Quarantine) -> runbook.Known:
    """What is known at the call of this quarantine, before anything was changed."""
    identity, at = row.identity, row.called_at
    audience = [f"Whoever takes tokens for {passport.audience()}"] if row.residual_until else []
    return runbook.Known(
        is_external=identity.ends_elsewhere,
        procedure=identity.revocation_procedure,
        trust_source="" if identity.upstream_trust_source.casefold() in OURSELVES else identity.upstream_trust_source,
        credentials=_own(identity, at),
        readable=_of_others(identity, freezing.readable(identity, at)),
        systems=[*identity.downstream_systems, *audience],
        residual_until=row.residual_until,
    )


def holders(places: Iterable[Place], *, of: ManagedIdentity) -> dict[Place, ManagedIdentity]:
    """Whose live secrets rest in these places, other than its own."""
    wanted = set(places)
    # As text: a look-up of several values in a key of JSON would have them be JSON.
    named = resting(None).annotate(vault=Cast("uri", TextField()), place=Cast("secret", TextField()))
    rows = named.filter(
        identity__tenant_id=of.tenant_id,
        vault__in={uri for uri, _ in wanted},
        place__in={name for _, name in wanted},
    )
    found: dict[Place, ManagedIdentity] = {}
    for secret in rows.exclude(identity=of).select_related("identity"):
        if (secret.uri, secret.secret) in wanted:
            found.setdefault((secret.uri, secret.secret), secret.identity)
    return found


def _own(identity: ManagedIdentity, at: datetime) -> list[runbook.Own]:
    secrets = [runbook.Own(str(one.pk), "client_secret", f"secret …{one.hint}") for one in live_secrets(identity, at)]
    keys = live_keys(identity, at)
    return [*secrets, *(runbook.Own(str(key.pk), "client_key", f"key {key.kid}") for key in keys)]


def _of_others(identity: ManagedIdentity, readable: list[Readable]) -> list[runbook.Dependent]:
    """Each with whose secret it is; where its own secret rests, and nobody else's, is no other secret."""
    own = set(resting(identity).values_list("uri", "secret"))
    held = holders(((one.vault_uri, one.secret_name) for one in readable), of=identity)
    found = []
    for one in readable:
        place = (one.vault_uri, one.secret_name)
        holder = held.get(place)
        if holder is not None or place not in own:
            found.append(runbook.Dependent(one, str(holder.pk) if holder else "", holder.name if holder else ""))
    return found
