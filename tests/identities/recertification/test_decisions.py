"""An answer is done, not noted: what it takes, what it does, and what it says on the identity's timeline."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Refused
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.lifecycle.quarantines import quarantine
from identities.people import notices
from identities.people.actors import actor_of
from identities.recertification import decisions
from identities.recertification.models import CertifiedSnapshot, ReviewDecision, ReviewItem
from tests.factories import people, register
from tests.factories.reviews import Cast, unused

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def decided(
    cast: Cast, item: ReviewItem, decision: str = "certify", reason: str = "Looked at it", **facts
) -> ReviewItem:
    return decisions.decide(item, decision=decision, reason=reason, actor=actor_of(cast.owner), **facts)


def invalid(cast: Cast, item: ReviewItem, decision: str, reason: str = "Because", **facts) -> list[str]:
    with pytest.raises(Invalid) as refused:
        decided(cast, item, decision, reason, **facts)
    item.refresh_from_db()
    assert item.state == "open"
    return list(refused.value.errors)


@pytest.mark.parametrize("decision", ["reduce", "revoke", "reassign"])
def test_what_changes_something_needs_a_reason(cast, decision) -> None:
    one = cast.identity()
    binding = unused(one, "run.read")
    facts = {"bindings": [binding.pk]} if decision == "reduce" else {}
    facts |= {"reviewer": cast.deputy} if decision == "reassign" else {}
    assert invalid(cast, cast.item(one), decision, "  ", **facts) == ["reason"]


def test_certifying_against_the_recommendation_needs_a_reason(cast) -> None:
    one = cast.identity()
    unused(one, "run.read")
    assert invalid(cast, cast.item(one), "certify", "") == ["reason"]


def test_certifying_what_is_unclear_needs_a_reason(cast) -> None:
    one = cast.identity(issuance="external")
    item = cast.item(one)
    assert "access" in item.unclear
    assert invalid(cast, item, "certify", "") == ["reason"]


def test_certifying_what_is_recommended_needs_none(cast) -> None:
    assert decided(cast, cast.item(), reason="").decision == "certify"


def test_no_other_word_is_an_answer(cast) -> None:
    assert invalid(cast, cast.item(), "no_response") == ["decision"]


def test_a_reduction_ends_standing_bindings_of_the_identity_alone(cast) -> None:
    one, other = cast.identity(), cast.identity()
    register.grant(one, "run.read")
    theirs = unused(other, "run.read")
    item = cast.item(one)
    for named in ([], [theirs.pk], [uuid4()], ["nonsense"], None):
        assert invalid(cast, item, "reduce", bindings=named) == ["bindings"]


def test_production_without_an_owner_is_not_certified(cast) -> None:
    one = cast.identity(technical_owner=None, deputy_owner=cast.owner.email)
    with pytest.raises(Conflict) as refused:
        decided(cast, cast.item(one))
    assert refused.value.code == "no_owner"
    assert not ReviewDecision.objects.exists()


def test_an_answer_is_given_once(cast) -> None:
    item = cast.item()
    decided(cast, item)
    with pytest.raises(Conflict) as refused:
        decided(cast, item, "revoke")
    assert refused.value.code == "item_closed"
    assert ReviewDecision.objects.count() == 1


def test_certify_keeps_the_state_signed_until_the_tier_asks_again(cast) -> None:
    one = cast.identity(risk_tier="high")
    item = decided(cast, cast.item(one))
    one.refresh_from_db()
    assert one.certified_until is not None
    assert (one.certified_until - timezone.now()).days == 89
    assert CertifiedSnapshot.objects.get(identity=one).item == item
    assert (item.state, item.remediation_state, item.remediation["action"]) == ("decided", "not_needed", "certify")
    assert item.undo_until is None


@pytest.mark.parametrize(("ends_in", "days"), [(3, 3), (30, 7), (400, 180)])
def test_what_ends_soon_is_certified_for_a_week(cast, ends_in, days) -> None:
    at = timezone.now()
    one = cast.identity(risk_tier="medium", expires_at=at + timedelta(days=ends_in))
    assert round((decisions.certified_until(one, at) - at) / timedelta(days=1)) == days


def test_reduce_ends_what_nothing_used_and_certifies_what_is_left(cast) -> None:
    one = cast.identity()
    idle, kept = unused(one, "run.read", name="idle"), register.grant(one, "identity.read", name="kept")
    item = decided(cast, cast.item(one), "reduce", "Nothing used it")
    idle.refresh_from_db()
    assert idle.ended_at is not None
    assert one.bindings.get(role=kept).ended_at is None
    assert item.remediation_state == "done"
    assert item.remediation["bindings_ended"] == [str(idle.pk)]
    assert item.remediation["text"].startswith("1 role was ended: idle. What is left is certified until ")
    assert item.undo_until is not None
    assert item.remediated_at == item.undo_until - timedelta(hours=72)
    assert not ReviewItem.objects.filter(identity=one, state="open").exists()


def test_a_reduction_after_a_certificate_asks_nothing_again(cast) -> None:
    one = cast.identity()
    idle = unused(one, "run.read")
    decided(cast, cast.item(one))
    decided(cast, cast.item(one), "reduce", "Nothing used it", bindings=[str(idle.pk)])
    assert not ReviewItem.objects.filter(identity=one, state="open").exists()


def test_revoke_disables_it_and_ends_its_roles(cast) -> None:
    one = cast.identity()
    register.grant(one, "run.read")
    item = decided(cast, cast.item(one), "revoke", "The project ended")
    one.refresh_from_db()
    assert (one.state, one.certified_until) == ("disabled", None)
    assert not one.bindings.filter(ended_at=None).exists()
    assert item.remediation["previous_state"] == "active"
    story = ["review.decided", "identity.disabled", "review.remediated"]
    told = AuditEvent.objects.filter(subject_id=str(one.pk), type__in=story).order_by("id")
    assert list(told.values_list("type", flat=True)) == story


def test_reassign_asks_somebody_else_and_keeps_the_trail(cast) -> None:
    item = decided(cast, cast.item(), "reassign", "She runs it now", reviewer=cast.deputy)
    assert (item.state, item.reviewer, item.decision) == ("open", cast.deputy, "")
    assert [entry["label"] for entry in item.trail] == [cast.owner.email, cast.deputy.email]
    assert ReviewDecision.objects.get().decision == "reassign"
    assert notices.waiting(cast.deputy).count() == 1
    assert not notices.waiting(cast.owner).exists()
    with pytest.raises(Refused):
        decided(cast, item)


def test_reassigned_back_is_told_again(cast) -> None:
    item = decided(cast, cast.item(), "reassign", "Yours", reviewer=cast.deputy)
    decisions.decide(item, decision="reassign", reason="No, yours", actor=actor_of(cast.deputy), reviewer=cast.owner)
    assert notices.waiting(cast.owner).count() == 1


def test_reassigning_needs_somebody_who_may_answer(cast) -> None:
    item = cast.item()
    assert invalid(cast, item, "reassign") == ["reviewer"]
    strangers = [
        people.person(),
        people.agent(of=cast.tenant),
        people.person(of=cast.tenant, is_active=False),
        people.person(of=cast.tenant, role="READ_ONLY"),
        cast.owner,
    ]
    for person in strangers:
        assert invalid(cast, item, "reassign", reviewer=person) == ["reviewer"]


def test_what_a_quarantine_holds_up_waits_on_the_item(cast) -> None:
    one = cast.identity()
    item = cast.item(one)
    quarantine(one, reason="seen", actor=actor_of(cast.admin))
    done = decided(cast, item, "revoke", "Over")
    assert (done.state, done.remediation_state, done.undo_until) == ("decided", "pending", None)
    assert "quarantined" in done.remediation["text"]


def test_each_answer_says_how_long_it_took_and_on_what_evidence(cast) -> None:
    item = cast.item()
    ReviewItem.objects.filter(pk=item.pk).update(seen_at=timezone.now() - timedelta(seconds=40))
    decided(cast, item)
    answer = ReviewDecision.objects.get()
    assert answer.seconds is not None
    assert 39 < answer.seconds < 60
    assert (answer.batch_size, answer.evidence_hash) == (1, item.evidence_hash)
    assert answer.details["recommended"] == "certify"


def test_the_last_answer_settles_the_notice(cast) -> None:
    first, second = cast.identity(), cast.identity()
    campaign = cast.launch()
    decided(cast, campaign.items.get(identity=first))
    assert notices.waiting(cast.owner).count() == 1
    decided(cast, campaign.items.get(identity=second))
    assert not notices.waiting(cast.owner).exists()


def test_a_batch_is_capped_and_marked(cast) -> None:
    for _ in range(3):
        cast.identity()
    items = list(cast.launch().items.all())
    for wrong in ([], items * 9):
        with pytest.raises(Invalid):
            decisions.certify_many(wrong, reason="", actor=actor_of(cast.owner))
    decisions.certify_many(items, reason="All as last time", actor=actor_of(cast.owner), seconds=6.0)
    assert list(ReviewDecision.objects.values_list("batch_size", "seconds")) == [(3, 2.0)] * 3


def test_a_batch_takes_all_or_nothing_and_only_what_is_plain(cast) -> None:
    plain, idle = cast.identity(), cast.identity()
    unused(idle, "run.read")
    items = list(cast.launch().items.all())
    with pytest.raises(Conflict) as refused:
        decisions.certify_many(items, reason="Fine", actor=actor_of(cast.owner))
    assert refused.value.code == "not_in_bulk"
    assert not ReviewDecision.objects.exists()
    assert ManagedIdentity.objects.get(pk=plain.pk).certified_until is None


def test_a_retired_identity_is_not_certified(cast) -> None:
    item = cast.item()
    lifecycle.retire(item.identity, reason="over", actor=actor_of(cast.admin))
    with pytest.raises(Conflict) as refused:
        decided(cast, item)
    assert refused.value.code == "identity_retired"
