"""A high-tier bot with an owner, those who decide on it, and whoever asks."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.access.models import Role
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest
from identities.elevations import break_glass, services as elevations
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import PortalRole, User
from tests.factories import people, tokens

LONG_AGO = timedelta(days=30)


def somebody(of: Any, role: PortalRole = PortalRole.ADMIN, name: str = "") -> User:
    """A person who was there long before anything was asked."""
    facts = {"email": f"{name}@example.com"} if name else {}
    return people.person(of=of, role=role, created_at=timezone.now() - LONG_AGO, **facts)


def approval_of(row: Elevation | BreakGlassGrant) -> ApprovalRequest:
    """What others decide on, as it stands now."""
    row.refresh_from_db()
    assert row.approval is not None
    return row.approval


@dataclass
class Cast:
    """Everybody, by what they are to the bot; `reads` and `writes` are roles it does not hold."""

    bot: ManagedIdentity
    asker: User
    owner: User
    security: User
    stranger: User
    reads: Role
    writes: Role

    def actor(self, who: str) -> Actor:
        found: User = getattr(self, who)
        return actor_of(found)

    def ask(self, role: Role | None = None, *, by: str = "asker", **facts: Any) -> Elevation:
        given = {"minutes": 30, "justification": "A payment hangs", "owner": self.asker.email, **facts}
        of = given.pop("of", self.bot)
        return elevations.ask(of, role or self.writes, actor=self.actor(by), **given)

    def arm(self, *, by: str = "asker", **facts: Any) -> BreakGlassGrant:
        given = {
            "minutes": 30,
            "valid_until": timezone.now() + timedelta(days=30),
            "justification": "The ledger may stop at night",
            "owner": self.asker.email,
            **facts,
        }
        return break_glass.arm(self.bot, given.pop("role", self.writes), actor=self.actor(by), **given)

    def approve(self, row: Any, *by: str) -> Any:
        for who in by:
            row.refresh_from_db()
            approvals.approve(row.approval, reason="It is right", actor=self.actor(who))
        return type(row).objects.select_related("binding", "identity", "role", "approval").get(pk=row.pk)

    def armed(self, **facts: Any) -> BreakGlassGrant:
        found: BreakGlassGrant = self.approve(self.arm(**facts), "security", "owner")
        return found


@pytest.fixture
def cast() -> Cast:
    tenant = people.tenant()
    owner = somebody(tenant, PortalRole.ANALYST, "owner")
    bot = tokens.bot(of=tenant, risk_tier="high", technical_owner=owner, technical_owner_label=owner.email).identity
    return Cast(
        bot=bot,
        asker=somebody(tenant, PortalRole.ANALYST, "asker"),
        owner=owner,
        security=somebody(tenant, name="security"),
        stranger=somebody(people.tenant(), name="stranger"),
        reads=Role.objects.create(tenant=tenant, name="reads", permissions=["run.read"]),
        writes=Role.objects.create(tenant=tenant, name="writes", permissions=["run.read", "schedule.write"]),
    )
