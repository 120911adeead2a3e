"""People and service users as the audit names them."""

from audit.actors import Actor, ActorKind, Subject
from identities.people.models import Team, Tenant, User


def actor_of(user: User) -> Actor:
    """Who did it: a person, or a service user when the account belongs to an agent."""
    kind = ActorKind.SERVICE_USER if user.is_agent else ActorKind.PERSON
    return Actor(kind=kind, id=str(user.pk), label=user.email, tenant_id=user.tenant_id)


def subject_of(thing: User | Team | Tenant) -> Subject:
    """To whom it was done."""
    if isinstance(thing, Tenant):
        return Subject(kind="tenant", id=str(thing.pk), label=thing.name, tenant_id=thing.pk)
    kind, label = ("user", thing.email) if isinstance(thing, User) else ("team", thing.name)
    return Subject(kind=kind, id=str(thing.pk), label=label, tenant_id=thing.tenant_id)
