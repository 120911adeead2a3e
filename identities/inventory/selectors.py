"""Questions to the register."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from identities.inventory.models import ManagedIdentity
from identities.inventory.search import leading_to, matching
from identities.statements.rows import PreparedRows

__all__ = ["NEVER_USED", "by_id", "identities", "in_team", "leading_to", "matching", "owned_by", "unused_since"]

_BY_ID = PreparedRows(
    ManagedIdentity,
    lambda identity_id: ManagedIdentity.objects.filter(pk=identity_id).order_by(),
    identity_id=UUID,
)


def identities(tenant_ids: Collection[UUID] | None) -> QuerySet[ManagedIdentity]:
    """The identities of these tenants (None: of every one), with what a list shows of their owners (S0-17)."""
    rows = ManagedIdentity.objects.select_related("owner_team")
    return rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)


def by_id(identity_id: UUID | str) -> ManagedIdentity | None:
    """The identity, or None also for text that is no id at all (S0-16)."""
    try:
        return _BY_ID.first(identity_id=UUID(str(identity_id)))
    except ValueError:
        return None


def owned_by(text: str) -> Q:
    """By owner: the id of a person, or an e-mail or label."""
    roles = ("business_owner", "technical_owner", "deputy_owner")
    condition = Q()
    try:
        known = UUID(text)
    except ValueError:
        for role in roles:
            condition |= Q(**{f"{role}_label__iexact": text}) | Q(**{f"{role}__email": text.lower()})
        return condition
    for role in roles:
        condition |= Q(**{f"{role}_id": known})
    return condition


def in_team(text: str) -> Q:
    """By owning team: its id or its name."""
    try:
        return Q(owner_team_id=UUID(text))
    except ValueError:
        return Q(owner_team__name__iexact=text)


def unused_since(at: datetime) -> Q:
    """Not seen since `at`; never seen counts too."""
    return Q(last_used_at=None) | Q(last_used_at__lt=at)


NEVER_USED = Q(last_used_at=None)
