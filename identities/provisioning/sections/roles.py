"""`roles`: name, description and permissions."""

from collections.abc import Sequence
from typing import ClassVar

from audit.actors import Actor
from identities.access import services as access
from identities.access.models import Role
from identities.access.permissions import PERMISSIONS
from identities.people.models import Tenant
from identities.provisioning.planning import Change, Values, Weight
from identities.provisioning.sections.base import Section, texts


class Roles(Section):
    """A permission added to a role that exists is added for everybody who holds it."""

    kind = "roles"
    position = 20
    absent: ClassVar[Values] = {"description": "", "permissions": []}
    schema: ClassVar[Values] = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "description": {"type": "string", "maxLength": 500},
            "permissions": {"type": "array", "items": {"enum": sorted(PERMISSIONS)}},
        },
    }

    def key(self, values: Values) -> str:
        return str(values["name"])

    def read(self, entry: Values) -> Values:
        found = {"name": entry["name"].strip()}
        found |= {"description": entry["description"].strip()} if "description" in entry else {}
        found |= {"permissions": texts(entry["permissions"])} if "permissions" in entry else {}
        return found

    def current(self, tenant: Tenant) -> Sequence[Values]:
        return [
            {"name": role.name, "description": role.description, "permissions": texts(role.permissions)}
            for role in Role.objects.filter(tenant=tenant).order_by("name")
        ]

    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        if before is None:
            return Weight()
        added = [
            permission
            for change in changes
            if change.member == "permissions"
            for permission in sorted(set(change.after) - set(change.before or ()))
        ]
        return Weight(widens=tuple(f"adds {permission} for all who hold it" for permission in added))

    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        access.create_role(
            tenant=tenant,
            name=values["name"],
            permissions=values.get("permissions", []),
            description=values.get("description", ""),
            actor=actor,
        )

    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        role = Role.objects.get(tenant=tenant, name__iexact=values["name"])
        access.change_role(role, actor=actor, **{change.member: change.after for change in changes})
