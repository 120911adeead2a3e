"""`bindings`: which identity holds which role, until when and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from django.utils import timezone

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role, RoleBinding
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Tenant
from identities.provisioning.planning import Change, Values, Weight
from identities.provisioning.sections.base import Section


class Bindings(Section):
    """One standing binding for a pair. Another end is a new binding after the old one has been ended; both stay."""

    kind = "bindings"
    position = 40
    schema: ClassVar[Values] = {
        "type": "object",
        "required": ["identity", "role", "validUntil", "reason"],
        "additionalProperties": False,
        "properties": {
            "identity": {"type": "string", "minLength": 1, "maxLength": 120},
            "role": {"type": "string", "minLength": 1, "maxLength": 100},
            "validUntil": {"type": "string", "description": "A time such as 2027-03-31T00:00:00Z; always there."},
            "reason": {"type": "string", "minLength": 1, "maxLength": 500},
        },
    }

    def key(self, values: Values) -> str:
        return f"{values['identity']} holds {values['role']}"

    def read(self, entry: Values) -> Values:
        try:
            until = datetime.fromisoformat(entry["validUntil"].strip())
        except ValueError:
            raise Invalid({"valid_until": ["A time such as 2027-03-31T00:00:00Z."]}) from None
        return {
            "identity": entry["identity"].strip(),
            "role": entry["role"].strip(),
            "valid_until": _text(until if until.tzinfo else until.replace(tzinfo=UTC)),
            "reason": entry["reason"].strip(),
        }

    def current(self, tenant: Tenant) -> Sequence[Values]:
        rows = RoleBinding.objects.standing(timezone.now()).filter(identity__tenant=tenant)
        rows = rows.exclude(identity__state=State.RETIRED).select_related("identity", "role")
        # Of a pair with a binding now and one to come, the one that holds longest is what is meant.
        latest = {(row.identity_id, row.role_id): row for row in rows.order_by("valid_until")}
        found: list[Values] = [
            {
                "identity": row.identity.name,
                "role": row.role.name,
                "valid_until": _text(row.valid_until),
                "reason": row.reason,
            }
            for row in latest.values()
        ]
        return sorted(found, key=self.key)

    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        if before is None:
            named = {change.member: change.after for change in changes}
            return Weight(widens=(f"gives it the role {named['role']} until {named['valid_until']}",))
        longer = [change.after for change in changes if change.member == "valid_until" and change.after > change.before]
        return Weight(widens=tuple(f"prolongs the role until {after}" for after in longer))

    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        identity, role = _pair(tenant, values)
        until = datetime.fromisoformat(values["valid_until"])
        access.grant(identity, role, valid_until=until, reason=values["reason"], actor=actor)

    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        identity, role = _pair(tenant, values)
        for standing in RoleBinding.objects.standing(timezone.now()).filter(identity=identity, role=role):
            access.end_binding(standing, reason=reason, actor=actor)
        self.create(tenant, values, actor=actor, reason=reason)


def _pair(tenant: Tenant, values: Values) -> tuple[ManagedIdentity, Role]:
    identities = ManagedIdentity.objects.exclude(state=State.RETIRED)
    identity = identities.filter(tenant=tenant, name__iexact=values["identity"]).first()
    role = Role.objects.filter(tenant=tenant, name__iexact=values["role"]).first()
    missing = {"identity": identity is None, "role": role is None}
    if errors := {member: [f"There is no {member} '{values[member]}'."] for member, gone in missing.items() if gone}:
        raise Invalid(errors)
    assert identity is not None and role is not None  # noqa: S101, PT018 - for the type checker: said above
    return identity, role


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
