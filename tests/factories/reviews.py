"""Campaigns with a cast: who governs, who owns, who deputises, and an identity they answer for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from identities.access.models import RoleBinding
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import Tenant, User
from identities.recertification import campaigns
from identities.recertification.models import ReviewCampaign, ReviewItem
from tests.factories import people, register

SOON = timedelta(days=14)
_numbers = count(1)


@dataclass
class Cast:
    """One tenant with three people who have nothing of each other."""

    tenant: Tenant = field(default_factory=people.tenant)

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.admin = people.person(of=self.tenant, email=f"governs-{number}@example.com")
        self.owner = people.person(of=self.tenant, role="ANALYST", email=f"owns-{number}@example.com")
        self.deputy = people.person(of=self.tenant, role="ANALYST", email=f"deputises-{number}@example.com")

    def identity(self, **facts: Any) -> ManagedIdentity:
        """Owned by the owner, unless said otherwise."""
        return register.identity(self.tenant, **{"technical_owner": self.owner.email, **facts})

    def launch(self, *, by: User | None = None, **facts: Any) -> ReviewCampaign:
        """A campaign over all of the tenant, by the one who governs."""
        return launched(self.tenant, actor_of(by or self.admin), **facts)

    def item(self, identity: ManagedIdentity | None = None, **facts: Any) -> ReviewItem:
        """The question about this identity, or a new one, in a campaign of its own."""
        asked = identity or self.identity()
        return ReviewItem.objects.select_related("identity", "campaign").get(
            campaign=self.launch(**facts), identity=asked
        )


def launched(tenant: Tenant, actor: Actor, **facts: Any) -> ReviewCampaign:
    wanted: dict[str, Any] = {"name": "Autumn", "scope": {}, "due_at": timezone.now() + SOON, **facts}
    return campaigns.launch(tenant=tenant, actor=actor, **wanted)


def unused(identity: ManagedIdentity, *permissions: str, name: str = "", since: datetime | None = None) -> RoleBinding:
    """A role that the identity holds for long, and that nothing used."""
    role = register.grant(identity, *permissions, name=name)
    binding = RoleBinding.objects.get(identity=identity, role=role)
    long_ago = since or timezone.now() - timedelta(days=200)
    RoleBinding.objects.filter(pk=binding.pk).update(valid_from=long_ago, created_at=long_ago)
    binding.refresh_from_db()
    return binding
