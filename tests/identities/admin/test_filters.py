"""Filters of the register find what a security engineer asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from tests.factories import pages, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    """One owned and fresh, one dormant without owner and secret, one whose rotation is overdue."""
    ours = pages.estate("harbour")
    now = timezone.now()
    ManagedIdentity.objects.filter(pk=ours.identity.pk).update(business_owner=ours.person, last_used_at=now)
    tokens.identity(of=ours.tenant, name="dormant-bot", last_used_at=now - timedelta(days=120), risk_tier="high")
    late = tokens.bot(of=ours.tenant, name="late-bot", kind="webhook", last_used_at=now - timedelta(days=10))
    ClientSecret.objects.filter(identity=late.identity).update(rotate_by=now - timedelta(days=1))
    tokens.identity(of=ours.tenant, name="gone-bot", state="retired")
    return ours


def found(ours, query: str) -> set[str]:
    response = pages.signed_in(ours.person).get(f"{pages.listing(ManagedIdentity)}?{query}")
    assert response.status_code == 200
    return {identity.name for identity in response.context["cl"].result_list}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"harbour-bot", "dormant-bot", "late-bot"}),
        ("state=retired", {"gone-bot"}),
        ("use=dormant", {"dormant-bot"}),
        ("use=day", {"harbour-bot"}),
        ("use=never", set()),
        ("rotation=overdue", {"late-bot"}),
        ("rotation=none", {"dormant-bot"}),
        ("rotation=several", set()),
        ("owner=nobody", {"dormant-bot", "late-bot"}),
        ("kind=webhook", {"late-bot"}),
        ("risk=high", {"dormant-bot"}),
        ("q=late", {"late-bot"}),
        ("use=dormant&risk=low", set()),
        ("use=rubbish", {"harbour-bot", "dormant-bot", "late-bot"}),
        ("last_used_at_from=2026-03-05&last_used_at_to=2026-03-05", {"late-bot"}),
        ("last_used_at_to=2026-03-04", set()),
        ("last_used_at_from=rubbish", {"harbour-bot", "dormant-bot", "late-bot"}),
    ],
)
def test_a_filter_finds_what_it_says(ours, query, names):
    if "last_used_at" in query:
        ManagedIdentity.objects.exclude(name="late-bot").update(last_used_at=datetime(2026, 4, 1, tzinfo=UTC))
        ManagedIdentity.objects.filter(name="late-bot").update(last_used_at=datetime(2026, 3, 5, 23, 30, tzinfo=UTC))
    assert found(ours, query) == names


def test_several_secrets_are_found(ours):
    credentials.issue(ours.identity, actor=pages.SYSTEM)
    assert found(ours, "rotation=several") == {"harbour-bot"}


def test_an_owner_is_found_by_their_id(ours):
    assert found(ours, f"owner={ours.person.pk}") == {"harbour-bot"}
