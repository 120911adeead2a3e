"""`secretReferences`: in which vault, under which name, the client secret of an identity rests. Never a value."""

from collections.abc import Sequence
from typing import ClassVar

from audit.actors import Actor
from identities.credentials.places import resting
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.names import camel
from identities.people.models import Tenant
from identities.provisioning.planning import Change, Values, Weight
from identities.provisioning.schemas import REFERENCE
from identities.provisioning.sections.base import Section
from identities.vaults.references import SecretReference

PLACE = ("provider", "vault_uri", "secret_name")


class Secrets(Section):
    """Where nothing rests yet, a secret is made and put there, seen by nobody; what rests there is left alone."""

    kind = "secretReferences"
    position = 60
    networked = True
    schema: ClassVar[Values] = {
        "type": "object",
        "required": ["identity", *REFERENCE["required"]],
        "additionalProperties": False,
        "properties": {
            "identity": {"type": "string", "minLength": 1, "maxLength": 120},
            **{camel(name): REFERENCE["properties"][camel(name)] for name in PLACE},
        },
    }

    def key(self, values: Values) -> str:
        return f"{values['identity']} at {values['vault_uri']} {values['secret_name']}"

    def read(self, entry: Values) -> Values:
        return {"identity": entry["identity"].strip()} | {name: entry[camel(name)].strip() for name in PLACE}

    def current(self, tenant: Tenant) -> Sequence[Values]:
        rows = resting(None).filter(identity__tenant=tenant).exclude(identity__state=State.RETIRED)
        found = {}
        for secret in rows.select_related("identity"):
            place = secret.stored_at
            values = {"identity": secret.identity.name} | {name: str(place.get(camel(name), "")) for name in PLACE}
            found[self.key(values)] = values
        return [found[key] for key in sorted(found)]

    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        return Weight(widens=("makes a secret that opens a door",) if before is None else ())

    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        live = ManagedIdentity.objects.exclude(state=State.RETIRED)
        identity = live.filter(tenant=tenant, name__iexact=values["identity"]).first()
        if identity is None:
            raise Invalid({"identity": [f"There is no identity '{values['identity']}'."]})
        reference = SecretReference(values["provider"], values["vault_uri"], values["secret_name"])
        lifecycle.issue_secret(identity, store_at=reference, actor=actor)

    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        raise NotImplementedError("The whole entry is its key: there is nothing to change.")
