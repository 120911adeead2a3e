"""Asking and answering: what is refused, what each tier needs, and what happens with the last yes and the first no."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.approvals import selectors, services
from identities.approvals.models import ApprovalRequest, ApprovalVote
from identities.errors import Conflict, DomainError, Invalid, Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest
from identities.people import notices
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole, Tenant, User
from tests.factories import approvals, people, register
from tests.factories.approvals import SYSTEM, asked, content_of, seen, veteran

pytestmark = pytest.mark.django_db
WHY = "Looked at it"


def yes(approval: ApprovalRequest, person: User, **more) -> ApprovalRequest:
    return services.approve(approval, reason=WHY, actor=actor_of(person), **more)


def refused(approval: ApprovalRequest, person: User, **more) -> str:
    with pytest.raises(DomainError) as found:
        yes(approval, person, **more)
    approval.refresh_from_db()
    return found.value.code


# What is refused


def test_a_no_needs_a_reason(identity: ManagedIdentity, asker: User, owner: User) -> None:
    with pytest.raises(Invalid):
        services.reject(asked(identity, asker), reason=" ", actor=actor_of(owner))


def test_taking_it_back_needs_a_reason(identity: ManagedIdentity, asker: User) -> None:
    with pytest.raises(Invalid):
        services.withdraw(asked(identity, asker), reason=" ", actor=actor_of(asker))


def test_somebody_who_neither_owns_nor_governs_says_nothing(identity, asker: User, tenant: Tenant) -> None:
    for role in (PortalRole.ANALYST, PortalRole.READ_ONLY, PortalRole.AUDITOR):
        assert refused(asked(identity, asker), veteran(tenant, role)) == "not_entitled"


def test_an_owner_who_may_only_read_says_nothing(tenant: Tenant, asker: User) -> None:
    reader = veteran(tenant, PortalRole.READ_ONLY)
    bot = register.identity(tenant, technical_owner=str(reader.pk))
    assert refused(asked(bot, asker, tier="medium"), reader) == "not_entitled"


def test_nobody_of_another_tenant_says_anything(identity: ManagedIdentity, asker: User) -> None:
    assert refused(asked(identity, asker), veteran(register.tenant())) == "not_entitled"


def test_a_refused_word_is_on_record_and_changes_nothing(identity: ManagedIdentity, asker: User) -> None:
    approval = asked(identity, asker)
    assert refused(approval, asker) == "own_request"
    event = AuditEvent.objects.get(type="approval.vote_refused")
    assert (event.actor_id, event.outcome, event.details["code"]) == (str(asker.pk), "denied", "own_request")
    assert (event.subject_id, event.details["approval_id"]) == (str(identity.pk), str(approval.pk))
    assert (approval.state, ApprovalVote.objects.count()) == ("pending", 0)


def test_nobody_speaks_twice_for_two(identity, asker: User, tenant: Tenant, governor: User) -> None:
    approval = asked(identity, asker)
    assert yes(approval, governor).state == "pending"
    assert refused(approval, governor) == "already_voted"
    inventory.change(identity, facts={"deputy_owner": str(governor.pk)}, actor=SYSTEM)
    assert refused(approval, governor) == "already_voted"


def test_a_decided_one_takes_no_word(identity: ManagedIdentity, asker: User, owner: User, governor: User) -> None:
    approval = asked(identity, asker)
    services.reject(approval, reason=WHY, actor=actor_of(owner))
    assert refused(approval, governor) == "already_decided"


def test_a_second_need_cannot_be_claimed(identity: ManagedIdentity, asker: User, owner: User) -> None:
    assert refused(asked(identity, asker), owner, need="security") == "not_entitled"


def test_only_who_asked_or_governs_takes_it_back(identity, asker: User, owner: User, tenant: Tenant) -> None:
    approval = asked(identity, asker)
    for person in (owner, veteran(register.tenant())):
        with pytest.raises(Refused):
            services.withdraw(approval, reason=WHY, actor=actor_of(person))
    services.withdraw(approval, reason=WHY, actor=actor_of(asker))
    assert seen() == ["withdrawn"]
    with pytest.raises(Conflict):
        services.withdraw(approval, reason=WHY, actor=actor_of(asker))


def test_a_room_that_refuses_the_last_yes_keeps_it_open(identity, asker, governor, owner, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Conflict("There is no room left.", code="full")

    approval = asked(identity, asker)
    yes(approval, governor)
    monkeypatch.setattr(approvals.PurposeOfTests, "approved", refuse)
    assert refused(approval, owner) == "full"
    assert (approval.state, approval.votes.count()) == ("pending", 1)


# What each tier needs


def test_of_low_tier_nobody_is_asked(identity: ManagedIdentity, asker: User) -> None:
    approval = asked(identity, asker, tier="low")
    assert (approval.state, approval.needs, seen()) == ("approved", [], ["approved"])
    assert not Notice.objects.filter(kind="approval_asked").exists()


def test_of_medium_tier_an_owner_alone_is_enough(identity: ManagedIdentity, asker: User, owner: User) -> None:
    approval = yes(asked(identity, asker, tier="medium"), owner)
    assert (approval.state, seen()) == ("approved", ["approved"])
    assert {vote.need for vote in approval.votes.all()} == {"approver", "owner"}


def test_of_medium_tier_an_admin_still_leaves_the_owner_to_speak(identity, asker, owner, governor) -> None:
    approval = asked(identity, asker, tier="medium")
    assert yes(approval, governor).state == "pending"
    assert yes(approval, owner).state == "approved"


def test_an_owner_who_asks_has_spoken_as_the_owner(identity: ManagedIdentity, owner: User, governor: User) -> None:
    approval = asked(identity, owner, tier="medium")
    assert selectors.open_needs(approval) == ["approver"]
    assert refused(approval, owner) == "own_request"
    assert yes(approval, governor).state == "approved"


@pytest.mark.parametrize("first", ["owner", "governor"])
def test_of_high_tier_two_people_speak_in_any_order(identity, asker, owner, governor, first: str) -> None:
    approval = asked(identity, asker)
    order = (owner, governor) if first == "owner" else (governor, owner)
    assert yes(approval, order[0]).state == "pending"
    assert seen() == []
    assert yes(approval, order[1]).state == "approved"
    assert seen() == ["approved"]


def test_of_high_tier_an_owner_who_asks_has_not_spoken(identity: ManagedIdentity, owner: User) -> None:
    assert selectors.open_needs(asked(identity, owner)) == ["security", "owner"]


def test_where_no_owner_is_left_those_who_govern_answer(identity, owner, governor, asker) -> None:
    approval = asked(identity, owner)
    assert yes(approval, governor).state == "pending"
    assert yes(approval, asker).state == "approved"


def test_who_could_speak_for_both_leaves_the_other_fulfillable(tenant: Tenant, asker: User, owner: User) -> None:
    both = veteran(tenant)
    bot = register.identity(tenant, technical_owner=str(both.pk), deputy_owner=str(owner.pk))
    approval = yes(asked(bot, asker), both)
    assert selectors.open_needs(approval) == ["owner"]
    assert yes(approval, owner).state == "approved"


def test_who_could_speak_for_both_may_say_as_what(tenant: Tenant, asker: User, owner: User, governor: User) -> None:
    both = veteran(tenant)
    bot = register.identity(tenant, technical_owner=str(both.pk), deputy_owner=str(owner.pk))
    assert selectors.open_needs(yes(asked(bot, asker), both)) == ["security"]
    assert selectors.open_needs(yes(asked(bot, asker), both, need="security")) == ["owner"]


def test_a_team_can_be_named_for_security(identity, asker, governor, owner, tenant: Tenant, settings) -> None:
    settings.STEWARD_SECURITY_TEAM = "security office"
    guard = veteran(tenant, PortalRole.ANALYST)
    people.team(guard, of=tenant, name="Security Office")
    approval = asked(identity, asker)
    assert refused(approval, governor) == "not_entitled"
    assert selectors.open_needs(yes(approval, guard)) == ["owner"]


def test_a_platform_administrator_speaks_for_security_anywhere(identity: ManagedIdentity, asker: User) -> None:
    visitor = veteran(register.tenant(), is_platform_admin=True)
    assert selectors.open_needs(yes(asked(identity, asker), visitor)) == ["owner"]


# What it is bound to


def test_the_content_has_a_hash_and_so_has_each_vote(identity: ManagedIdentity, asker: User, owner: User) -> None:
    approval = yes(asked(identity, asker), owner)
    assert approval.content_hash == digest(content_of(identity))
    assert approval.votes.get().content_hash == approval.content_hash


def test_what_has_changed_since_is_asked_anew_and_no_old_word_counts(identity, asker, owner, governor) -> None:
    approval = yes(asked(identity, asker, ticket="OPS-1"), owner)
    inventory.change(identity, facts={"purpose": "Sends money."}, actor=actor_of(asker))
    assert refused(approval, governor) == "changed_since"
    assert approval.state == "superseded"
    anew = selectors.pending_of(approval.subject_kind, approval.subject_id)
    assert anew is not None
    assert (anew.votes.count(), anew.ticket, anew.requested_by) == (0, "OPS-1", asker.email)
    assert (anew.previous_content["purpose"], anew.content["purpose"]) == ("Runs payroll.", "Sends money.")
    assert yes(anew, governor).state == "pending"
    assert yes(anew, owner).state == "approved"
    assert seen() == ["approved"]


def test_asking_again_takes_the_place_of_what_waited(identity: ManagedIdentity, asker: User, owner: User) -> None:
    first = yes(asked(identity, asker), owner)
    second = asked(identity, asker)
    assert refused(first, owner) == "changed_since"
    assert (first.state, second.state, second.votes.count()) == ("superseded", "pending", 0)
    assert not Notice.objects.filter(about_id=str(first.pk), waits=True, done_at=None).exists()


def test_another_hash_than_the_one_seen_is_refused(identity: ManagedIdentity, asker: User, owner: User) -> None:
    assert refused(asked(identity, asker), owner, content_hash="0" * 64) == "changed_since"


def test_what_is_gone_takes_no_word(identity: ManagedIdentity, asker: User, owner: User) -> None:
    approval = asked(identity, asker)
    ManagedIdentity.objects.filter(pk=identity.pk).update(state="retired")
    assert refused(approval, owner) == "subject_gone"
    assert (approval.state, seen()) == ("withdrawn", ["withdrawn"])


# How it ends


def test_one_no_is_enough(identity: ManagedIdentity, asker: User, owner: User, governor: User) -> None:
    approval = yes(asked(identity, asker), governor)
    ended = services.reject(approval, reason="Too much", actor=actor_of(owner))
    assert (ended.state, ended.state_reason, seen()) == ("rejected", "Too much", ["rejected"])
    assert AuditEvent.objects.filter(type="approval.rejected", reason="Too much").exists()


def test_unanswered_it_expires_once(identity: ManagedIdentity, asker: User) -> None:
    approval = asked(identity, asker)
    late = timezone.now() + timedelta(days=15)
    assert services.expire_due(timezone.now()) == 0
    assert [services.expire_due(late), services.expire_due(late)] == [1, 0]
    approval.refresh_from_db()
    assert (approval.state, seen()) == ("expired", ["expired"])


def test_a_word_after_the_day_comes_too_late(identity: ManagedIdentity, asker: User, owner: User) -> None:
    approval = asked(identity, asker, due_at=timezone.now() - timedelta(seconds=1))
    assert refused(approval, owner) == "approval_expired"
    assert (approval.state, seen()) == ("expired", ["expired"])


def test_a_room_drops_what_needs_no_answer_any_more(identity: ManagedIdentity, asker: User) -> None:
    approval = asked(identity, asker)
    assert services.drop(approval.subject_kind, approval.subject_id, reason="retired", actor=SYSTEM) is not None
    assert services.drop(approval.subject_kind, approval.subject_id, reason="retired", actor=SYSTEM) is None
    approval.refresh_from_db()
    assert (approval.state, seen()) == ("withdrawn", [])


# Whom it waits for


def test_it_waits_for_those_who_may_answer_and_nobody_else(identity, asker, owner, governor, tenant) -> None:
    stranger = veteran(tenant, PortalRole.ANALYST)
    approval = asked(identity, asker)
    waits = [person for person in (asker, owner, governor, stranger) if approval in selectors.waiting_for(person)]
    assert waits == [owner, governor]
    assert notices.waiting(owner).get().due_at == approval.due_at is not None


def test_it_waits_no_longer_for_who_can_do_nothing_more(identity, asker, owner, governor, tenant) -> None:
    spare = veteran(tenant)
    approval = yes(asked(identity, asker), governor)
    assert [list(selectors.waiting_for(person)) for person in (governor, spare, owner)] == [[], [], [approval]]
    yes(approval, owner)
    assert not notices.waiting(owner).exists()
    assert notices.of(asker).filter(kind="approval_decided").count() == 1


def test_the_story_stands_on_the_timeline_of_the_identity(identity, asker, owner, governor) -> None:
    approval = yes(yes(asked(identity, asker, ticket="OPS-7"), owner), governor)
    events = AuditEvent.objects.filter(subject_id=str(identity.pk), details__approval_id=str(approval.pk))
    assert [event.type for event in events.order_by("id")] == [
        "approval.asked", "approval.voted", "approval.voted", "approval.approved",
    ]  # fmt: skip
    assert {event.details["ticket"] for event in events} == {"OPS-7"}
