"""Whom an event is told to: those who answer for what it is about, those who govern, or one named person."""

from collections.abc import Collection, Iterable
from uuid import UUID

from audit.models import AuditEvent
from identities.access.matrix import Duty, Reach, reach
from identities.inventory.models import ManagedIdentity
from identities.notifications.models import Audience
from identities.people.models import User
from identities.people.selectors import active_admins

ANSWERING = ("business_owner", "technical_owner", "deputy_owner")
RELATED = ("owner_team", *ANSWERING)


class Whom:
    """Remembers the ADMINs of a tenant for as long as one bite of the audit is told."""

    def __init__(self) -> None:
        self._admins: dict[UUID, list[User]] = {}

    def people(
        self,
        audience: Iterable[str],
        identities: Collection[ManagedIdentity],
        tenant_id: UUID,
        person: User | None = None,
    ) -> list[User]:
        """Active people of these audiences, each once; where owners are wanted and none can answer, the ADMINs."""
        wanted = set(audience)
        found = [user for identity in identities for user in _of(identity, wanted)]
        if Audience.PERSON in wanted and person is not None:
            found.append(person)
        able = [user for user in found if _is_able(user, tenant_id)]
        is_nobodys = not able and bool(wanted - {Audience.PERSON, Audience.NOBODY})
        if Audience.ADMINS in wanted or is_nobodys:
            able += self.admins(tenant_id)
        return list({user.pk: user for user in able}.values())

    def admins(self, tenant_id: UUID) -> list[User]:
        """The people who govern the tenant."""
        if tenant_id not in self._admins:
            self._admins[tenant_id] = list(active_admins(tenant_id).order_by("email"))
        return self._admins[tenant_id]


def may_hear(person: User, event: AuditEvent, identities: Collection[ManagedIdentity]) -> bool:
    """Whether a person may be told of this event at all: what they might read, or what they answer for. One tenant.

    Who reads only their own rows of the audit hears of identities they answer for, and of nothing else.
    """
    if not _is_able(person, event.tenant_id):
        return False
    if reach(person.role, Duty.READ_AUDIT) in (Reach.TENANT, Reach.EVERY):
        return True
    return any(answers(person, identity) for identity in identities)


def answers(person: User, identity: ManagedIdentity) -> bool:
    """Is this person an owner or the deputy of the identity, or in the team that owns it?"""
    if person.pk in {getattr(identity, f"{role}_id") for role in ANSWERING}:
        return True
    return identity.owner_team is not None and person in identity.owner_team.members.all()


def _of(identity: ManagedIdentity, wanted: set[str]) -> list[User]:
    owners = {
        Audience.TECHNICAL_OWNER: [identity.technical_owner],
        Audience.OWNERS: [identity.technical_owner, identity.business_owner, identity.deputy_owner],
        Audience.DEPUTY: [identity.deputy_owner],
        Audience.OWNER_AND_TEAM: [identity.technical_owner],
    }
    found = [user for audience, users in owners.items() if audience in wanted for user in users if user is not None]
    if wanted & {Audience.OWNER_TEAM, Audience.OWNER_AND_TEAM} and identity.owner_team is not None:
        found += identity.owner_team.members.all()
    return found


def _is_able(person: User, tenant_id: UUID | None) -> bool:
    return person.is_active and not person.is_agent and person.tenant_id == tenant_id
