"""Who is asked at each step: active people of the identity's own tenant, never a machine, never who left."""

from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.people.selectors import security
from identities.succession.models import Step

#: A manager may have left too: so many steps up are looked at.
LEVELS = 5


def people_of(step: Step, identity: ManagedIdentity) -> list[User]:
    """Everybody who can be asked at this step; empty where nobody is left of it."""
    if step is Step.DEPUTY:
        found = [identity.deputy_owner]
    elif step is Step.TEAM:
        found = list(identity.owner_team.members.order_by("email")) if identity.owner_team else []
    elif step is Step.MANAGER:
        found = _managers(identity)
    else:
        found = list(security(identity.tenant_id).order_by("created_at", "email"))
    able = {one.pk: one for one in found if one is not None and _is_able(one, identity)}
    return list(able.values())


def leaver_of(identity: ManagedIdentity) -> User | None:
    """Who stood there last and is gone: the technical owner before the business owner."""
    named = (identity.technical_owner, identity.business_owner, identity.deputy_owner)
    return next((person for person in named if person is not None and not person.is_active), None)


def _managers(identity: ManagedIdentity) -> list[User | None]:
    named = (identity.technical_owner, identity.business_owner)
    return [_first_active(person) for person in named if person is not None]


def _first_active(person: User) -> User | None:
    """Up the line from a person who left, as far as somebody is there."""
    above = person.manager
    for _ in range(LEVELS):
        if above is None or above.is_active:
            return above
        above = above.manager
    return None


def _is_able(person: User, identity: ManagedIdentity) -> bool:
    return person.is_active and not person.is_agent and person.tenant_id == identity.tenant_id
