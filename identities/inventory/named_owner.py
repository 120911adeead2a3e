"""A named owner: the one person who answers for something that deviates from the rules, and nobody else."""

from uuid import UUID

from identities.errors import Invalid
from identities.inventory.owners import resolve
from identities.people.models import User


def named(written: object, *, tenant_id: UUID, member: str = "owner") -> User:
    """The active person of the tenant who is meant, by id, e-mail address or `{id}`.

    Raises Invalid naming `member` for nobody, for a name that is matched to no person, for one of another tenant, for
    an account that is disabled and for a service user.
    """
    found = resolve(written, tenant_id=tenant_id, member=member)
    if found.user is None:
        said = "There is no such person." if found.label else "Name the person who answers for it."
        raise Invalid({member: [said]})
    return found.user
