"""Following and ending: evidence disables the account; what may still be needed is never taken away."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from identities.access import services as access
from identities.credentials.models import ClientSecret
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import sign_in
from identities.people.models import Notice, User
from identities.policies.models import AuthorizationDecision
from identities.service_users import ending, enrolling, following
from identities.service_users.models import Replacement, ReplacementState
from identities.service_users.replacing import Begun
from tests.factories import people
from tests.factories.replacements import SYSTEM, begun, did, moved_over

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def agent() -> User:
    made = people.agent()
    did(made, "identity.read")
    enrolling.enter(made, owner=people.person(of=made.tenant, email="owner@example.com"), actor=SYSTEM)
    return made


@pytest.fixture
def both(agent: User) -> Begun:
    """Begun two days ago, for an account that has to be quiet for a day."""
    made = begun(agent, quiet_hours=24)
    return back_to(made, timezone.now() - 48 * HOUR)


def back_to(made: Begun, at: datetime) -> Begun:
    Replacement.objects.filter(pk=made.replacement.pk).update(begun_at=at)
    made.replacement.refresh_from_db()
    AuthorizationDecision.objects.update(at=at - HOUR)
    return made


def state_of(made: Begun) -> str:
    made.replacement.refresh_from_db()
    return made.replacement.state


def follow(at: datetime | None = None) -> int:
    return following.follow(at or timezone.now())


def row_of(user: User) -> Any:
    return ManagedIdentity.objects.get(account=user)


# What does not end it


def test_an_identity_that_nobody_used_disables_nothing(both: Begun, agent: User) -> None:
    assert follow() == 0
    agent.refresh_from_db()
    assert agent.is_active


def test_an_account_that_still_calls_goes_on(both: Begun, agent: User) -> None:
    did(agent, "identity.read", ago=HOUR)
    moved_over(both)
    assert follow() == 0


def test_an_account_that_only_refreshes_goes_on(both: Begun, agent: User) -> None:
    sign_in.open_session(agent)
    moved_over(both)
    assert follow() == 0
    assert state_of(both) == ReplacementState.BOTH_ALIVE


def test_a_refused_call_is_a_use_too(both: Begun, agent: User) -> None:
    did(agent, "identity.write", outcome="deny", ago=HOUR)
    moved_over(both)
    assert follow() == 0


def test_an_identity_that_was_tried_out_before_the_account_worked_on_has_not_taken_over(
    both: Begun, agent: User
) -> None:
    moved_over(both, at=timezone.now() - 40 * HOUR)
    did(agent, "identity.read", ago=30 * HOUR)
    assert follow() == 0
    assert "after" in following.standing_of(reread(both), timezone.now())


def test_both_live_for_the_quiet_hours_at_least(agent: User) -> None:
    made = begun(agent, quiet_hours=24)
    did(agent, "identity.read", ago=72 * HOUR)
    moved_over(made)
    assert follow() == 0


def test_an_identity_without_its_role_has_not_taken_over(both: Begun) -> None:
    access.end_bindings_of(both.identity, actor=SYSTEM, reason="by mistake")
    moved_over(both)
    assert follow() == 0
    assert "does not hold" in following.standing_of(reread(both), timezone.now())


def test_an_identity_that_is_stopped_has_not_taken_over(both: Begun) -> None:
    moved_over(both)
    lifecycle.disable(both.identity, reason="We look into it.", actor=SYSTEM)
    assert follow() == 0


def reread(made: Begun) -> Replacement:
    return Replacement.objects.select_related("account", "identity", "role").get(pk=made.replacement.pk)


# What ends it


def test_when_the_use_has_moved_over_the_account_is_disabled_and_its_row_stays_as_evidence(
    both: Begun, agent: User
) -> None:
    session = sign_in.open_session(agent)
    later = timezone.now() + 25 * HOUR
    moved_over(both, at=later - HOUR)
    assert follow(later) == 1
    agent.refresh_from_db()
    assert (agent.is_active, state_of(both)) == (False, ReplacementState.MOVED)
    with pytest.raises(sign_in.RefreshFailed):
        sign_in.refresh(session.refresh_token)
    row = row_of(agent)
    assert row.state == "disabled"
    assert both.identity.name in agent_disabled().reason
    identity = ManagedIdentity.objects.get(pk=both.identity.pk)
    assert identity.is_enabled
    assert identity.bindings.filter(ended_at=None).exists()
    event = AuditEvent.objects.get(type="replacement.moved")
    assert (event.subject_id, event.actor_label) == (str(agent.pk), "replacements")


def agent_disabled() -> AuditEvent:
    return AuditEvent.objects.get(type="user.disabled")


def test_its_owner_hears_of_it_once(both: Begun) -> None:
    moved_over(both)
    assert follow() + follow() == 1
    [told] = Notice.objects.filter(kind=ending.MOVED)
    assert told.person.email == "owner@example.com"


def test_an_account_that_somebody_disabled_has_ended_it(both: Begun, agent: User) -> None:
    lifecycle.disable_person(agent, reason="It left.", actor=SYSTEM)
    assert follow() == 1
    assert state_of(both) == ReplacementState.MOVED


def test_an_identity_that_somebody_retired_has_ended_it_and_the_account_stays(both: Begun, agent: User) -> None:
    lifecycle.retire(both.identity, reason="Not wanted.", actor=SYSTEM)
    assert follow() == 1
    agent.refresh_from_db()
    assert (agent.is_active, state_of(both)) == (True, ReplacementState.CANCELLED)


def test_late_the_owner_is_told_once_and_nothing_stops(both: Begun, agent: User) -> None:
    Replacement.objects.update(overdue_at=timezone.now() - HOUR)
    assert follow() + follow() == 0
    agent.refresh_from_db()
    assert agent.is_active
    [told] = Notice.objects.filter(kind=ending.OVERDUE)
    assert (told.person.email, told.waits, told.done_at) == ("owner@example.com", True, None)
    assert "new secret" in told.text
    assert AuditEvent.objects.filter(type="replacement.overdue").count() == 1
    ending.finish_now(both.replacement, reason="It is unused.", actor=SYSTEM, force=True)
    told.refresh_from_db()
    assert told.done_at is not None


def test_one_that_fails_keeps_no_other_waiting(both: Begun, agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first = people.agent(of=agent.tenant)
    begun(first)
    Replacement.objects.filter(account=first).update(begun_at=timezone.now() - 90 * HOUR)
    honest = following.has_moved

    def brittle(row: Replacement, at: datetime) -> bool:
        if row.account_id == first.pk:
            raise RuntimeError("broken")
        return honest(row, at)

    monkeypatch.setattr(following, "has_moved", brittle)
    moved_over(both)
    assert follow() == 1
    assert state_of(both) == ReplacementState.MOVED


def test_one_question_where_none_goes_on(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        follow()


def test_one_that_nobody_uses_yet_costs_no_question_of_its_own(
    both: Begun, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    begun(people.agent(of=agent.tenant))
    with django_assert_num_queries(1):
        follow()


# By hand


def test_nothing_is_finished_that_nobody_has_taken_over(both: Begun, agent: User) -> None:
    with pytest.raises(Conflict) as refused:
        ending.finish_now(both.replacement, reason="Now.", actor=SYSTEM)
    assert refused.value.code == "identity_unused"
    agent.refresh_from_db()
    assert agent.is_active


def test_an_account_in_use_is_only_disabled_by_somebody_who_says_so(both: Begun, agent: User) -> None:
    did(agent, "identity.read", ago=HOUR)
    moved_over(both)
    with pytest.raises(Conflict) as refused:
        ending.finish_now(both.replacement, reason="Now.", actor=SYSTEM)
    assert refused.value.code == "account_in_use"
    ending.finish_now(both.replacement, reason="Now.", actor=SYSTEM, force=True)
    agent.refresh_from_db()
    assert (agent.is_active, state_of(both)) == (False, ReplacementState.MOVED)


def test_taking_it_back_retires_the_identity_and_leaves_the_account(both: Begun, agent: User) -> None:
    ending.cancel(both.replacement, reason="We keep it.", actor=SYSTEM)
    agent.refresh_from_db()
    assert (agent.is_active, state_of(both)) == (True, ReplacementState.CANCELLED)
    assert ManagedIdentity.objects.get(pk=both.identity.pk).state == "retired"
    assert not ClientSecret.objects.filter(identity=both.identity, revoked_at=None).exists()
    assert begun(agent, name=both.identity.name).replacement.pk != both.replacement.pk


def test_an_identity_in_use_is_only_taken_back_by_somebody_who_says_so(both: Begun) -> None:
    moved_over(both)
    with pytest.raises(Conflict) as refused:
        ending.cancel(both.replacement, reason="We keep it.", actor=SYSTEM)
    assert refused.value.code == "identity_in_use"
    ending.cancel(both.replacement, reason="We keep it.", actor=SYSTEM, force=True)
    assert state_of(both) == ReplacementState.CANCELLED


def test_without_a_reason_or_when_it_is_over_nothing_ends(both: Begun) -> None:
    for end in (ending.cancel, ending.finish_now):
        with pytest.raises(Invalid):
            end(both.replacement, reason="", actor=SYSTEM, force=True)
    ending.cancel(both.replacement, reason="We keep it.", actor=SYSTEM)
    for end in (ending.cancel, ending.finish_now):
        with pytest.raises(Conflict) as refused:
            end(both.replacement, reason="Again.", actor=SYSTEM, force=True)
        assert refused.value.code == "replacement_ended"
