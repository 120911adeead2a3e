"""Roles and bindings as the audit names them."""

from audit.actors import Subject
from identities.access.models import Role, RoleBinding


def subject_of(thing: Role | RoleBinding) -> Subject:
    """A role by its name, a binding by role and identity; both in their tenant."""
    if isinstance(thing, Role):
        return Subject(kind="role", id=str(thing.pk), label=thing.name, tenant_id=thing.tenant_id)
    label = f"{thing.role.name} for {thing.identity.name}"
    return Subject(kind="role_binding", id=str(thing.pk), label=label, tenant_id=thing.identity.tenant_id)
