"""What was decided is carried out, or waits and is tried again; it is given up after thirty days, and says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import releases, services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.recertification import decisions, remediation
from identities.recertification.models import ReviewItem
from tests.factories import register
from tests.factories.reviews import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def revoked(cast: Cast, item: ReviewItem) -> ReviewItem:
    return decisions.decide(item, decision="revoke", reason="Over", actor=actor_of(cast.owner))


def waiting(cast: Cast) -> ReviewItem:
    one = cast.identity()
    register.grant(one, "run.read")
    item = cast.item(one)
    quarantine(one, reason="seen", actor=actor_of(cast.admin))
    return revoked(cast, item)


def now(item: ReviewItem) -> ReviewItem:
    return ReviewItem.objects.select_related("identity").get(pk=item.pk)


def test_it_is_left_alone_while_the_incident_lasts(cast) -> None:
    item = waiting(cast)
    assert remediation.retry_due(timezone.now()) == 0
    assert now(item).remediation_state == "pending"


def test_it_is_carried_out_once_the_incident_is_over(cast) -> None:
    item = waiting(cast)
    releases.release(Quarantine.objects.get(), reason="clean", actor=actor_of(cast.admin))
    assert remediation.retry_due(timezone.now()) == 1
    done = now(item)
    assert (done.remediation_state, done.identity.state) == ("done", "disabled")
    assert done.undo_until is not None
    assert not done.identity.bindings.filter(ended_at=None).exists()
    assert remediation.retry_due(timezone.now()) == 0


def test_after_thirty_days_it_has_failed_and_says_so(cast) -> None:
    item = waiting(cast)
    assert remediation.retry_due(timezone.now() + timedelta(days=31)) == 1
    failed = now(item)
    assert failed.remediation_state == "failed"
    assert failed.remediation["text"].startswith("Given up after 30 days: It is quarantined")
    last = AuditEvent.objects.filter(subject_id=str(item.identity_id)).order_by("-id").first()
    assert last is not None
    assert last.type == "review.remediation_failed"


def test_what_is_disabled_already_loses_its_roles_and_nothing_is_noted_to_enable(cast) -> None:
    one = cast.identity()
    register.grant(one, "run.read")
    lifecycle.disable(one, reason="before", actor=actor_of(cast.admin))
    done = revoked(cast, cast.item(one))
    assert "previous_state" not in done.remediation
    assert done.remediation["text"].startswith("It was disabled already. 1 role was ended")


def test_nothing_taken_is_nothing_to_undo(cast) -> None:
    one = cast.identity()
    lifecycle.disable(one, reason="before", actor=actor_of(cast.admin))
    done = revoked(cast, cast.item(one))
    assert (done.remediation_state, done.undo_until) == ("done", None)


def test_a_binding_that_ended_meanwhile_is_no_failure(cast) -> None:
    one = cast.identity()
    register.grant(one, "run.read")
    binding = one.bindings.get()
    binding.ended_at = timezone.now()
    binding.save()
    outcome = remediation.reduce(one, [binding.pk], reason="x", actor=actor_of(cast.owner))
    assert (outcome.state, outcome.text, outcome.kept) == ("done", "They had ended already.", {})


def test_other_identities_keep_their_bindings(cast) -> None:
    one, other = cast.identity(), cast.identity()
    register.grant(other, "run.read")
    remediation.reduce(one, [other.bindings.get().pk], reason="x", actor=actor_of(cast.owner))
    assert other.bindings.get().ended_at is None
    assert ManagedIdentity.objects.filter(state="active").count() == 2
