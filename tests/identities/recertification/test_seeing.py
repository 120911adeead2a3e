"""The reviewer's first look is noted, with evidence that is not older than a day; later nothing moves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.people.actors import actor_of
from identities.recertification import campaigns, decisions, seeing
from identities.recertification.models import ReviewItem
from tests.factories.reviews import Cast, unused

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def aged(item: ReviewItem, days: float) -> ReviewItem:
    ReviewItem.objects.filter(pk=item.pk).update(evidence_at=timezone.now() - timedelta(days=days))
    return ReviewItem.objects.select_related("campaign", "identity").get(pk=item.pk)


def test_another_ones_look_is_none(cast) -> None:
    item = cast.item()
    assert seeing.show(item, to=cast.admin).seen_at is None
    item.refresh_from_db()
    assert item.seen_at is None


def test_the_first_look_counts(cast) -> None:
    item = cast.item()
    first = seeing.show(item, to=cast.owner).seen_at
    item.refresh_from_db()
    assert item.seen_at == first is not None
    assert seeing.show(item, to=cast.owner).seen_at == first


def test_old_evidence_is_gathered_anew_with_what_follows_from_it(cast) -> None:
    item = cast.item()
    unused(item.identity, "run.read")
    fresh = seeing.refresh(aged(item, 0.5), at=timezone.now())
    assert (fresh.recommendation, fresh.evidence_hash) == ("certify", item.evidence_hash)
    shown = seeing.show(aged(item, 2), to=cast.owner)
    assert shown.recommendation == "reduce"
    assert shown.evidence_hash != item.evidence_hash
    assert ReviewItem.objects.get(pk=item.pk).recommendation == "reduce"


def test_what_was_decided_on_stays(cast) -> None:
    item = cast.item()
    decisions.decide(item, decision="certify", reason="", actor=actor_of(cast.owner))
    unused(item.identity, "run.read")
    kept = seeing.refresh(aged(item, 9), at=timezone.now())
    assert (kept.evidence_hash, kept.recommendation) == (item.evidence_hash, "certify")


def test_a_large_campaign_asks_what_breaks_when_somebody_looks(cast, monkeypatch) -> None:
    monkeypatch.setattr(campaigns, "AT_ONCE", 0)
    one = cast.identity(downstream_systems=["ledger"])
    campaign = cast.launch()
    while not campaigns.prepare(campaign, 1, actor=actor_of(cast.admin)):
        pass
    item = campaign.items.get(identity=one)
    assert item.evidence["dependencies"] == {"total": 0, "items": [], "pending": True}
    shown = seeing.show(item, to=cast.admin)
    assert (shown.evidence["dependencies"]["total"], shown.seen_at) == (1, None)
    assert shown.evidence_hash != item.evidence_hash


def test_or_at_the_latest_when_somebody_answers(cast, monkeypatch) -> None:
    monkeypatch.setattr(campaigns, "AT_ONCE", 0)
    one = cast.identity(downstream_systems=["ledger"])
    campaign = cast.launch()
    while not campaigns.prepare(campaign, 1, actor=actor_of(cast.admin)):
        pass
    done = decisions.decide(campaign.items.get(identity=one), decision="certify", reason="", actor=actor_of(cast.owner))
    assert done.evidence["dependencies"]["total"] == 1
    assert done.decisions.get().evidence_hash == done.evidence_hash
