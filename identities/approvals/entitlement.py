"""Entitlement: who is able to meet which need of an approval now, before anybody asks for four eyes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from identities.approvals.models import ApprovalRequest, Need
from identities.approvals.subjects.base import kinds
from identities.people.models import PortalRole, User
from identities.people.selectors import active_admins, security

#: Roles that decide at all; the others only read.
DECIDES = (PortalRole.ADMIN, PortalRole.ANALYST)


@dataclass(frozen=True, slots=True)
class Able:
    """By id, the people of one tenant who can speak for each need. Those involved are in none of them."""

    security: dict[UUID, User]
    admins: dict[UUID, User]
    owners: dict[UUID, User]

    def of(self, need: Need) -> dict[UUID, User]:
        """Where no owner is left who could answer, those who govern answer for it, as they do elsewhere."""
        if need == Need.SECURITY:
            return self.security
        if need == Need.OWNER:
            return self.owners or self.security
        return self.admins | self.owners

    def everybody(self, needs: Iterable[Need]) -> dict[UUID, User]:
        """Who can meet one of these."""
        return {pk: person for need in needs for pk, person in self.of(need).items()}


def able(approval: ApprovalRequest, *, owners: Collection[UUID] = ()) -> Able:
    """Who could meet each need of this approval now; `owners` are told beside those its kind knows. Three queries."""
    kind = kinds.get(approval.subject_kind)
    owning = {*owners, *(kind().owners(approval) if kind else ())}
    people = User.objects.filter(pk__in=owning, is_active=True, is_agent=False, role__in=DECIDES)
    admins = _others(approval, active_admins(approval.tenant_id))
    return Able(
        security=_others(approval, security(approval.tenant_id)) if settings.STEWARD_SECURITY_TEAM else admins,
        admins=admins,
        owners=_others(approval, people.filter(tenant_id=approval.tenant_id)) if owning else {},
    )


def owner_ids(approval: ApprovalRequest) -> set[UUID]:
    """Who answers for its subject now, involved or not."""
    kind = kinds.get(approval.subject_kind)
    return set(kind().owners(approval)) if kind else set()


def with_visitor(found: Able, person: User) -> Able:
    """A platform administrator governs every tenant, also one that he does not belong to."""
    if not person.is_platform_admin or not person.is_active or person.pk in found.admins:
        return found
    mine = {person.pk: person}
    speaks = {} if settings.STEWARD_SECURITY_TEAM else mine
    return Able(security=found.security | speaks, admins=found.admins | mine, owners=found.owners)


def _others(approval: ApprovalRequest, people: Iterable[User]) -> dict[UUID, User]:
    return {person.pk: person for person in people if str(person.pk) not in approval.involved}
