"""Elevation: refused first, decided by others, and over by the binding's own dates, whoever sleeps."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access import selectors as access, services as roles
from identities.access.models import RoleBinding
from identities.approvals import services as approvals
from identities.elevations import selectors, services as elevations
from identities.elevations.models import Elevation
from identities.elevations.selectors import Phase
from identities.errors import Conflict, Invalid, Refused
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from tests.factories import people, tokens
from tests.identities.elevations.conftest import Cast, approval_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def may_write(bot: ManagedIdentity, at: datetime | None = None) -> bool:
    return "schedule.write" in access.effective_permissions(bot, at or timezone.now())


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("minutes", 0),
        ("minutes", 1441),
        ("justification", "  "),
        ("justification", "x" * 2001),
        ("owner", None),
        ("owner", "nobody@example.com"),
        ("owner", "Somebody"),
        ("ticket", "x" * 255),
    ],
)
def test_what_does_not_fit_is_refused_by_name(cast: Cast, member: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        cast.ask(**{member: value})
    assert refused.value.errors.keys() == {member}
    assert not Elevation.objects.exists()


def test_no_stranger_no_leaver_and_no_service_user_answers_for_it(cast: Cast) -> None:
    agent = people.agent(of=cast.bot.tenant)
    gone = people.person(of=cast.bot.tenant, is_active=False)
    for who in (cast.stranger, agent, gone):
        with pytest.raises(Invalid):
            cast.ask(owner=str(who.pk))


def test_a_role_of_another_tenant_is_unknown(cast: Cast) -> None:
    foreign = tokens.grant(tokens.identity(), "run.read")
    with pytest.raises(Invalid) as refused:
        cast.ask(foreign)
    assert refused.value.errors.keys() == {"role"}


@pytest.mark.parametrize("state", ["disabled", "quarantined", "paused", "retired"])
def test_nothing_of_it_leads_around_a_stop(cast: Cast, state: str) -> None:
    asked = cast.ask()
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(state=state)
    with pytest.raises(Conflict) as refused:
        cast.ask(cast.reads)
    assert refused.value.code == "wrong_state"
    approvals.approve(approval_of(asked), reason="x", actor=cast.actor("security"))
    with pytest.raises(Conflict):
        cast.approve(asked, "owner")
    assert not RoleBinding.objects.exists()


def test_no_machine_asks(cast: Cast) -> None:
    for machine in (Actor.system("x"), Actor.system("x", cast.bot.tenant_id)):
        with pytest.raises(Refused):
            elevations.ask(cast.bot, cast.reads, minutes=1, justification="x", owner=cast.asker.email, actor=machine)


def test_it_is_asked_for_once_and_not_for_what_it_holds(cast: Cast) -> None:
    asked = cast.ask()
    with pytest.raises(Conflict) as refused:
        cast.ask()
    assert refused.value.code == "elevation_asked"
    cast.approve(asked, "security", "owner")
    with pytest.raises(Conflict) as refused:
        cast.ask()
    assert refused.value.code == "role_binding_overlaps"


def test_of_high_tier_it_takes_two_others_and_gives_nothing_before(cast: Cast) -> None:
    asked = cast.ask()
    with pytest.raises(Refused):
        cast.approve(asked, "asker")
    cast.approve(asked, "security")
    with pytest.raises(Refused):
        cast.approve(asked, "security")
    assert not may_write(cast.bot)
    given = cast.approve(asked, "owner")
    assert may_write(cast.bot)
    assert given.state == "given"
    assert given.binding.valid_until - given.binding.valid_from == 30 * MINUTE
    assert given.binding.granted_by == cast.owner.email


def test_it_ends_by_its_dates_with_no_task_run(cast: Cast) -> None:
    given = cast.approve(cast.ask(), "security", "owner")
    end = given.binding.valid_until
    with time_machine.travel(end - timedelta(seconds=1), tick=False):
        assert may_write(cast.bot)
        assert selectors.phase_of(given, timezone.now()) is Phase.LIVE
    with time_machine.travel(end, tick=False):
        assert not may_write(cast.bot)
        assert selectors.phase_of(given, timezone.now()) is Phase.OVER
        with pytest.raises(Conflict):
            elevations.end(given, reason="late", actor=cast.actor("security"))


def test_of_low_tier_reading_is_given_at_once_and_writing_is_not(cast: Cast) -> None:
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(risk_tier="low")
    assert cast.ask(cast.reads).state == "given"
    asked = cast.ask(cast.writes)
    assert asked.state == "asked"
    assert not may_write(cast.bot)


def test_a_renewal_is_a_decision_of_its_own_also_of_low_tier_and_follows_on(cast: Cast) -> None:
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(risk_tier="low")
    first = cast.ask(cast.reads)
    renewal = cast.ask(cast.reads, renews=first)
    assert renewal.state == "asked"
    given = cast.approve(renewal, "security", "owner")
    assert given.binding.valid_from == first.binding.valid_until
    assert selectors.phase_of(given, timezone.now()) is Phase.COMING
    with pytest.raises(Conflict) as refused:
        cast.ask(cast.reads, renews=first)
    assert refused.value.code == "not_renewable"
    with pytest.raises(Invalid):
        cast.ask(cast.writes, renews=first)


def test_an_end_before_its_time_takes_the_role_and_the_tokens(cast: Cast) -> None:
    given = cast.approve(cast.ask(), "security", "owner")
    with pytest.raises(Invalid):
        elevations.end(given, reason=" ", actor=cast.actor("asker"))
    ended = elevations.end(given, reason="Done early", actor=cast.actor("asker"))
    assert not may_write(cast.bot)
    assert ended.state == "ended"
    cast.bot.refresh_from_db()
    assert cast.bot.tokens_revoked_at is not None


def test_what_is_asked_for_is_taken_back_or_rejected_or_lapses(cast: Cast) -> None:
    asked = cast.ask()
    with pytest.raises(Invalid):
        elevations.cancel(asked, reason="", actor=cast.actor("asker"))
    with pytest.raises(Refused):
        elevations.cancel(asked, reason="not mine", actor=cast.actor("owner"))
    assert elevations.cancel(asked, reason="It works again", actor=cast.actor("asker")).state == "cancelled"
    with pytest.raises(Conflict):
        elevations.cancel(asked, reason="again", actor=cast.actor("asker"))
    second = cast.ask()
    approvals.reject(approval_of(second), reason="Too broad", actor=cast.actor("security"))
    second.refresh_from_db()
    assert (second.state, second.state_reason) == ("rejected", "Too broad")
    third = cast.ask()
    approvals.expire_due(timezone.now() + timedelta(hours=25))
    third.refresh_from_db()
    assert third.state == "cancelled"


def test_what_changed_since_it_was_asked_is_not_approved(cast: Cast) -> None:
    asked = cast.ask()
    cast.writes.permissions = ["run.read", "schedule.write", "identity.quarantine"]
    cast.writes.save()
    with pytest.raises(Conflict):
        cast.approve(asked, "security")
    assert not may_write(cast.bot)


def test_an_identity_under_approval_gets_it_without_waiting(cast: Cast) -> None:
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(approval_state="approved")
    cast.approve(cast.ask(), "security", "owner")
    assert may_write(cast.bot)
    cast.bot.refresh_from_db()
    assert cast.bot.approval_state == "approved"


def test_the_whole_story_stands_on_the_identity(cast: Cast) -> None:
    given = cast.approve(cast.ask(ticket="OPS-1"), "security", "owner")
    elevations.end(given, reason="Done", actor=cast.actor("asker"))
    told = AuditEvent.objects.filter(subject_id=str(cast.bot.pk), type__startswith="elevation.").order_by("pk")
    assert [event.type for event in told] == ["elevation.asked", "elevation.given", "elevation.ended"]
    assert told[0].details["ticket"] == "OPS-1"


def test_an_owner_who_came_after_the_question_does_not_decide(cast: Cast) -> None:
    asked = cast.ask()
    cast.approve(asked, "security")
    young = people.person(of=cast.bot.tenant, role=PortalRole.ADMIN)
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(technical_owner=young)
    with pytest.raises((Refused, Conflict)):
        approvals.approve(approval_of(asked), reason="x", actor=actor_of(young))
    assert not may_write(cast.bot)


def test_one_after_the_other_is_a_renewal_whatever_it_calls_itself(cast: Cast) -> None:
    ManagedIdentity.objects.filter(pk=cast.bot.pk).update(risk_tier="low")
    cast.bot.refresh_from_db()
    assert cast.ask(cast.reads, minutes=60).state == "given"
    with time_machine.travel(timezone.now() + 61 * MINUTE, tick=False):
        assert cast.ask(cast.reads, minutes=60).state == "asked"


def test_what_a_role_permits_does_not_grow_while_an_elevation_gives_it(cast: Cast) -> None:
    cast.approve(cast.ask(cast.reads), "security", "owner")
    with pytest.raises(Conflict) as refused:
        roles.change_role(cast.reads, permissions=["identity.write"], actor=cast.actor("security"))
    assert refused.value.code == "role_elevated"
    assert roles.change_role(cast.reads, permissions=[], actor=cast.actor("security")).permissions == []
    with time_machine.travel(timezone.now() + 31 * MINUTE, tick=False):
        roles.change_role(cast.reads, permissions=["run.read"], actor=cast.actor("security"))
