"""How long requests took: to the last yes, and to the identity that works, on average and by tier (S4-81)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.programme.durations import averages
from identities.programme.slices import Slice
from identities.requests.models import IdentityRequest
from tests.factories import people, tokens

pytestmark = pytest.mark.django_db


def issued(of, at, *, tier="low", approved: timedelta, done: timedelta, asked: timedelta = timedelta(days=2)):
    identity = tokens.identity(of=of)
    IdentityRequest.objects.create(
        tenant=of, identity=identity, bundle="observability-bot", name=identity.name, environment="sandbox",
        purpose="x", risk_tier=tier, state="issued", expires_at=at + timedelta(days=9), requested_at=at - asked,
        approved_at=at - asked + approved, issued_at=at - asked + done,
    )  # fmt: skip
    return identity


def test_of_requests_that_came_to_nothing_or_are_long_past_no_time_is_known():
    at, tenant = timezone.now(), people.tenant()
    IdentityRequest.objects.create(
        tenant=tenant, bundle="deploy-bot", name="x", environment="sandbox", purpose="x", risk_tier="high",
        state="rejected", expires_at=at,
    )  # fmt: skip
    long_ago = timedelta(days=100)
    issued(tenant, at, approved=timedelta(hours=1), done=timedelta(hours=1), asked=long_ago)
    issued(people.tenant(), at, approved=timedelta(hours=1), done=timedelta(hours=1))
    found = averages(Slice(frozenset({tenant.pk})), at)
    assert not {"time_to_provision", "time_to_approve"} & set(found.means)
    assert not found.by_tier["time_to_approve"]


def test_times_are_averages_and_told_by_tier():
    at, tenant = timezone.now(), people.tenant()
    issued(tenant, at, approved=timedelta(0), done=timedelta(seconds=2))
    issued(tenant, at, approved=timedelta(seconds=4), done=timedelta(seconds=4))
    issued(tenant, at, tier="high", approved=timedelta(hours=5), done=timedelta(hours=6))
    found = averages(Slice(frozenset({tenant.pk})), at)
    assert found.by_tier["time_to_provision"] == {"low": 3, "high": 21600}
    assert found.by_tier["time_to_approve"] == {"low": 2, "high": 18000}
    assert found.means["time_to_approve"] == pytest.approx((0 + 4 + 18000) / 3)
