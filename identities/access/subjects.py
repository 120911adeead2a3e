"""Roles, bindings and grants as the audit names them."""

from audit.actors import Subject
from identities.access.models import Role, RoleBinding, SecretGrant


def subject_of(thing: Role | RoleBinding | SecretGrant) -> Subject:
    """A role by its name, a binding by role and identity, a grant by place and reader; all in their tenant."""
    if isinstance(thing, Role):
        return Subject(kind="role", id=str(thing.pk), label=thing.name, tenant_id=thing.tenant_id)
    if isinstance(thing, SecretGrant):
        return Subject(kind="secret_grant", id=str(thing.pk), label=str(thing), tenant_id=thing.identity.tenant_id)
    label = f"{thing.role.name} for {thing.identity.name}"
    return Subject(kind="role_binding", id=str(thing.pk), label=label, tenant_id=thing.identity.tenant_id)
