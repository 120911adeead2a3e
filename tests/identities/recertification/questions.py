"""Campaigns and items as rows, for tests of what happens to them; their making has tests of its own."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.recertification.models import CampaignState, ReviewCampaign, ReviewItem
from tests.factories import register

_numbers = count(1)
DAY = timedelta(days=1)


def campaign(of: Tenant, **facts: Any) -> ReviewCampaign:
    """An open one, of two weeks, that ended a moment ago."""
    at = timezone.now()
    wanted = {"name": f"Campaign {next(_numbers)}", "state": CampaignState.OPEN, "opened_at": at - 14 * DAY}
    wanted |= {"due_at": at - timedelta(seconds=1)}
    return ReviewCampaign.objects.create(tenant=of, **{**wanted, **facts})


def item(of: ReviewCampaign, identity: ManagedIdentity | None = None, **facts: Any) -> ReviewItem:
    """An open question about this identity, or a new one."""
    about = identity or register.identity(of.tenant, risk_tier=facts.get("risk_tier", "high"))
    wanted = {"risk_tier": about.risk_tier, "opened_at": of.opened_at, "evidence_at": of.opened_at}
    return ReviewItem.objects.create(campaign=of, identity=about, **{**wanted, **facts})
