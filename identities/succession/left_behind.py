"""Which identities somebody left behind, and what one person's going would leave."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Team, User
from identities.succession.models import SuccessionCase

OWNERS = ("technical_owner", "business_owner")


def without_anybody(limit: int) -> QuerySet[ManagedIdentity]:
    """Identities whose every owner left, or that name none and whose team emptied; without a case yet.

    One that never had anybody is a finding of the register, and nobody's succession.
    """
    gone = list(User.objects.filter(is_active=False).values_list("pk", flat=True))
    able = Team.members.through.objects.filter(team_id=OuterRef("pk"), user__is_active=True, user__is_agent=False)
    empty = list(Team.objects.filter(~Exists(able)).values_list("pk", flat=True))
    rows = ManagedIdentity.objects.filter(caretaker_since=None, merged_into=None).exclude(state=State.RETIRED)
    left = Q(technical_owner_id__in=gone) | Q(business_owner_id__in=gone)
    emptied = Q(technical_owner=None, business_owner=None, owner_team_id__in=empty)
    for owner in OWNERS:
        rows = rows.exclude(**{f"{owner}__is_active": True})
    return rows.filter(left | emptied).order_by("pk")[:limit]


def owned_again(limit: int) -> QuerySet[ManagedIdentity]:
    """Identities in caretaker state one of whose owners is there."""
    here = Q(technical_owner__is_active=True) | Q(business_owner__is_active=True)
    return ManagedIdentity.objects.filter(here, caretaker_since__isnull=False).order_by("pk")[:limit]


def has_owner_here(identity: ManagedIdentity) -> bool:
    """Is one of its owners there? A deputy or a team is asked next, and is none."""
    owners = (identity.technical_owner, identity.business_owner)
    return any(person is not None and person.is_active for person in owners)


def owned_by(person_id: UUID) -> QuerySet[ManagedIdentity]:
    """What this person owns or stands in for, with what became of it since they left."""
    named = Q(technical_owner_id=person_id) | Q(business_owner_id=person_id) | Q(deputy_owner_id=person_id)
    rows = ManagedIdentity.objects.filter(named).exclude(state=State.RETIRED)
    return rows.select_related(*OWNERS, "deputy_owner", "owner_team").order_by(
        F("caretaker_since").asc(nulls_last=True)
    )


def cases(tenant_ids: Collection[UUID] | None) -> QuerySet[SuccessionCase]:
    """Cases of these tenants; None is every tenant."""
    rows = SuccessionCase.objects.select_related("identity", "leaver")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)
