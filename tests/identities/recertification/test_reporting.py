"""The report of a campaign: what it counts, and that none is made which is not recorded."""

import pytest
from django.db import DatabaseError

from audit import services as audit
from audit.models import AuditEvent
from identities.people.actors import actor_of
from identities.recertification import decisions, foresight, reporting, undoing
from identities.recertification.models import ReviewItem
from tests.factories import reviews

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return reviews.Cast()


def test_no_report_without_its_record(cast, monkeypatch):
    item = cast.item()

    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(audit, "record", full)
    with pytest.raises(DatabaseError):
        reporting.make(item.campaign, file_format="csv", actor=actor_of(cast.admin))


def test_it_counts_what_was_said_undone_and_left(cast):
    for _ in range(3):
        cast.identity()
    campaign = cast.launch()
    actor = actor_of(cast.owner)
    first, second, _ = ReviewItem.objects.filter(campaign=campaign).order_by("pk")
    decisions.decide(first, decision="certify", reason="Seen", actor=actor)
    decisions.decide(second, decision="revoke", reason="Gone", actor=actor)
    undoing.undo(ReviewItem.objects.get(pk=second.pk), reason="It runs", actor=actor)
    report = reporting.make(campaign, file_format="json", actor=actor_of(cast.admin))
    assert (report.summary["items"], report.summary["answered"], report.summary["open"]) == (3, 2, 1)
    assert report.summary["decisions"] == {"certify": 1, "revoke": 1}
    assert report.summary["undone"] == 1
    lines = {line.item.pk: line for line in report.lines()}
    assert (lines[first.pk].seal_holds, lines[second.pk].seal_holds) == (True, None)
    assert lines[second.pk].last.undone_reason == "It runs"
    assert AuditEvent.objects.filter(type="campaign.report_made", subject_id=str(campaign.pk)).count() == 1


def test_what_a_campaign_would_ask_is_what_it_asks(cast):
    cast.identity(risk_tier="high")
    cast.identity(risk_tier="high", technical_owner=cast.deputy.email)
    cast.identity(risk_tier="low", technical_owner="")
    found = foresight.foresee(tenant=cast.tenant, scope={}, reviewer_rule="owner", created_by_id=str(cast.admin.pk))
    campaign = cast.launch()
    reviewers = set(campaign.items.exclude(reviewer=None).values_list("reviewer", flat=True))
    assert (found.identities, found.reviewers) == (campaign.items.count(), len(reviewers))
    assert found.by_tier == {"high": 2, "low": 1}
    assert found.to_security == 1
