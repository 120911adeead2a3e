"""Filters of the register find what a security engineer asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from identities.credentials import services as credentials
from identities.inventory.models import ManagedIdentity
from tests.factories import pages, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def ours(made_once):
    """One owned and fresh, one dormant without owner and secret, one whose rotation is overdue."""
    ours = pages.estate("harbour")
    now = timezone.now()
    reasons = [{"code": "no_team", "colour": "amber", "reason": "It belongs to no team."}]
    ManagedIdentity.objects.filter(pk=ours.identity.pk).update(
        business_owner=ours.person, last_used_at=now, use_state="used", rotate_by=None, is_orphaned=False,
        reported_by=["aws/1234"], triage="amber", triage_reasons=reasons, completeness=85,
        review_by=now.date() + timedelta(days=300),
        business_unit="Finance", application="Ledger", ticket="J-1", auth_method="federated", blast_radius="read_only",
        owner_team=ours.team,
    )  # fmt: skip
    tokens.identity(
        of=ours.tenant, name="dormant-bot", last_used_at=now - timedelta(days=120), risk_tier="high", triage="red",
        use_state="dormant", completeness=60, expires_at=now - timedelta(days=1), unreported_since=now,
        review_by=now.date() - timedelta(days=1), data_classification="Confidential", internet_exposed=True,
    )  # fmt: skip
    late = tokens.bot(of=ours.tenant, name="late-bot", kind="webhook", last_used_at=now - timedelta(days=10))
    late_rows = ManagedIdentity.objects.filter(pk=late.identity.pk)
    late_rows.update(
        rotate_by=now - timedelta(days=1), completeness=20, expires_at=now + timedelta(days=9), triage="amber",
        triage_reasons=[], use_state="unobserved", is_orphaned=True, reported_by=[],
    )  # fmt: skip
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
        ("use=quiet", {"dormant-bot"}),
        ("use=unobserved", {"late-bot"}),
        ("triage=red", {"dormant-bot"}),
        ("reason=no_team", {"harbour-bot"}),
        ("reason=dormant", set()),
        ("missing=any", {"dormant-bot", "late-bot"}),
        ("missing=business_unit", {"dormant-bot", "late-bot"}),
        ("missing=ticket", {"dormant-bot", "late-bot"}),
        ("missing=owner", {"dormant-bot", "late-bot"}),
        ("missing=environment", set()),
        ("missing=review_by", set()),
        ("missing=auth_method", {"dormant-bot", "late-bot"}),
        ("missing=downstream_permissions", {"harbour-bot", "dormant-bot", "late-bot"}),
        ("missing=team", {"dormant-bot", "late-bot"}),
        ("complete=low", {"late-bot"}),
        ("complete=fair", {"dormant-bot"}),
        ("complete=good", {"harbour-bot"}),
        ("orphaned=no", {"harbour-bot"}),
        ("ownership=vendor", set()),
        ("environment=unknown", set()),
        ("blast=read_only", {"harbour-bot"}),
        ("blast=unknown", {"dormant-bot", "late-bot"}),
        ("function=unknown", {"harbour-bot", "dormant-bot", "late-bot"}),
        ("data=CONFID", {"dormant-bot"}),
        ("exposure=internet", {"dormant-bot"}),
        ("exposure=neither", {"harbour-bot", "late-bot"}),
        ("auth=federated", {"harbour-bot"}),
        ("issuance=portal", {"harbour-bot", "dormant-bot", "late-bot"}),
        ("review=overdue", {"dormant-bot"}),
        ("review=soon", set()),
        ("expiry=ended", {"dormant-bot"}),
        ("expiry=soon", {"late-bot"}),
        ("expiry=none", {"harbour-bot"}),
        ("source=aws", {"harbour-bot"}),
        ("source=ws/1", set()),
        ("reported=gone", {"dormant-bot"}),
        ("reported=now", {"harbour-bot"}),
        ("reported=never", {"late-bot"}),
        ("number=red", {"dormant-bot"}),
        ("rotation=soon", set()),
        ("rotation=unknown", {"harbour-bot", "dormant-bot"}),
        ("owner=11111111-2222-3333-4444-555555555555", set()),
        ("data=%00", {"harbour-bot", "dormant-bot", "late-bot"}),
        ("triage=red&q=dorm", {"dormant-bot"}),
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
