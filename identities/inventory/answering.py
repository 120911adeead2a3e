"""Who is told about an identity: those who answer for it, else those who govern its tenant."""

from identities.inventory.models import ManagedIdentity
from identities.inventory.posture import ROLES
from identities.people.models import User
from identities.people.selectors import active_admins


def answer_for(identity: ManagedIdentity) -> list[User]:
    """Its owners, its deputy and the members of its team, each once; where none of them is active, the ADMINs.

    People only, in the order of the chain: a disabled account and a service user answer for nothing.
    """
    named = [getattr(identity, role) for role, _ in ROLES]
    team = list(identity.owner_team.members.order_by("email")) if identity.owner_team else []
    chain = {person.pk: person for person in (*named, *team) if person is not None}
    able = [person for person in chain.values() if person.is_active and not person.is_agent]
    return able or list(active_admins(identity.tenant_id).order_by("email"))
