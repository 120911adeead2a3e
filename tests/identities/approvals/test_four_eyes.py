"""Four eyes: the eleven ways around them, none of which leads around them; and who is another pair of eyes."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.approvals import four_eyes, selectors, services
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.errors import DomainError, Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of as machine_of
from identities.people import services as people
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from tests.factories import people as cast, register
from tests.factories.approvals import SYSTEM, agent, asked, seen, veteran

pytestmark = pytest.mark.django_db
WHY = "Looked at it"
PASSWORDS = ("First-Horse-Staple-1", "Second-Horse-Staple-2")


def refused(approval: ApprovalRequest, person: User) -> str:
    """The code with which the person's yes is refused; a no is refused alike, and nothing has happened."""
    codes = set()
    for command in (services.approve, services.reject):
        with pytest.raises(DomainError) as found:
            command(ApprovalRequest.objects.get(pk=approval.pk), reason=WHY, actor=actor_of(person))
        codes.add(found.value.code)
    approval.refresh_from_db()
    assert not {"approved", "rejected"} & set(seen())
    assert len(codes) == 1
    return codes.pop()


def counts(approval: ApprovalRequest, person: User) -> bool:
    """Whether the person's yes counts for something."""
    before = approval.votes.count()
    services.approve(approval, reason=WHY, actor=actor_of(person))
    approval.refresh_from_db()
    return approval.votes.count() > before or approval.state == ApprovalState.APPROVED


# 1 and 2: through the API and through the admin: tests/identities/api/test_approvals.py, tests/identities/admin/...


def test_nobody_approves_what_they_asked_for(identity: ManagedIdentity, tenant: Tenant, owner: User) -> None:
    for person in (veteran(tenant), owner):
        for tier in ("medium", "high"):
            assert refused(asked(identity, person, tier=tier), person) == "own_request"


# 3: bulk


def test_many_at_once_are_as_many_words(tenant: Tenant, asker: User, owner: User) -> None:
    bots = [register.identity(tenant, technical_owner=str(owner.pk)) for _ in range(3)]
    waiting = [asked(bot, asker if number else owner, tier="medium") for number, bot in enumerate(bots)]
    said = []
    for approval in waiting:
        try:
            said.append(services.approve(approval, reason=WHY, actor=actor_of(owner)).state)
        except Refused as error:
            said.append(error.code)
    assert said == ["own_request", "approved", "approved"]


# 4: group


def test_who_asks_is_no_owner_through_a_team(tenant: Tenant) -> None:
    member = veteran(tenant, PortalRole.ANALYST)
    team = cast.team(member, veteran(tenant, PortalRole.ANALYST), of=tenant)
    bot = register.identity(tenant, owner_team=str(team.pk))
    assert refused(asked(bot, member), member) == "own_request"


def test_who_asks_lets_nobody_into_the_owning_team_to_say_yes(tenant: Tenant, asker: User) -> None:
    team = cast.team(veteran(tenant, PortalRole.ANALYST), of=tenant)
    bot = register.identity(tenant, owner_team=str(team.pk))
    friend, other = veteran(tenant, PortalRole.ANALYST), veteran(tenant, PortalRole.ANALYST)
    approval = asked(bot, asker)
    people.add_member(team, friend, actor=actor_of(asker))
    people.add_member(team, other, actor=SYSTEM)
    assert refused(approval, friend) == "hand_of_requester"
    assert counts(approval, other)


# 5: machine identity


def test_no_machine_gives_a_word(identity: ManagedIdentity, asker: User, tenant: Tenant) -> None:
    approval = asked(identity, asker)
    bot, service_user = register.identity(tenant), agent(of=tenant, role=PortalRole.ADMIN)
    for machine in (machine_of(bot), actor_of(service_user), SYSTEM):
        for command in (services.approve, services.reject):
            with pytest.raises(Refused) as found:
                command(approval, reason=WHY, actor=machine)
            assert found.value.code == "not_a_person"
    assert AuditEvent.objects.filter(type="approval.vote_refused").count() == 6


def test_who_holds_the_password_of_the_machine_that_asks_has_asked(identity, asker: User, tenant: Tenant) -> None:
    robot = agent(of=tenant, role=PortalRole.ANALYST)
    people.set_password(robot, password=PASSWORDS[0], actor=actor_of(asker))
    assert refused(asked(identity, robot), asker) == "hand_of_requester"


# 6: altering after approval


def test_what_was_altered_after_a_yes_has_no_yes(identity, asker: User, owner: User, governor: User) -> None:
    approval = asked(identity, asker)
    assert counts(approval, owner)
    inventory.change(identity, facts={"purpose": "Sends money."}, actor=actor_of(asker))
    assert refused(approval, governor) == "changed_since"
    anew = selectors.pending_of(approval.subject_kind, approval.subject_id)
    assert anew is not None
    assert selectors.open_needs(anew) == ["security", "owner"]


def test_who_altered_it_has_asked_too(identity, asker: User, owner: User, governor: User, tenant: Tenant) -> None:
    approval = asked(identity, asker)
    inventory.change(identity, facts={"purpose": "Sends money."}, actor=actor_of(governor))
    with pytest.raises(DomainError):
        services.approve(approval, reason=WHY, actor=actor_of(owner))
    anew = selectors.pending_of(approval.subject_kind, approval.subject_id)
    assert anew is not None
    for person in (asker, governor):
        assert refused(anew, person) == "own_request"
    assert counts(anew, veteran(tenant))


# 7: ownership swap and back


def test_who_asks_makes_nobody_an_owner_for_the_while(tenant: Tenant, asker: User, owner: User) -> None:
    friend = veteran(tenant, PortalRole.ANALYST)
    bot = register.identity(tenant, technical_owner=str(owner.pk))
    approval = asked(bot, asker)
    inventory.change(bot, facts={"deputy_owner": str(friend.pk)}, actor=actor_of(asker))
    assert refused(approval, friend) == "hand_of_requester"
    inventory.change(bot, facts={"deputy_owner": None}, actor=actor_of(asker))
    assert refused(approval, friend) == "hand_of_requester"
    assert counts(approval, owner)


def test_who_asks_does_not_swap_the_owner_and_back(identity, asker: User, owner: User, tenant: Tenant) -> None:
    approval, friend = asked(identity, asker), veteran(tenant, PortalRole.ANALYST)
    inventory.change(identity, facts={"technical_owner": str(friend.pk)}, actor=actor_of(asker))
    assert refused(approval, friend) == "hand_of_requester"
    inventory.change(identity, facts={"technical_owner": str(owner.pk)}, actor=actor_of(asker))
    assert refused(approval, friend) == "hand_of_requester"
    assert counts(approval, owner)


def test_where_the_only_owner_is_one_they_made_those_who_govern_answer(identity, asker, governor, tenant) -> None:
    friend, spare = veteran(tenant, PortalRole.ANALYST), veteran(tenant)
    approval = asked(identity, asker)
    inventory.change(identity, facts={"technical_owner": str(friend.pk)}, actor=actor_of(asker))
    with pytest.raises(DomainError):
        services.approve(approval, reason=WHY, actor=actor_of(governor))
    anew = selectors.pending_of(approval.subject_kind, approval.subject_id)
    assert anew is not None
    assert refused(anew, friend) == "hand_of_requester"
    assert counts(anew, governor)
    assert selectors.open_needs(anew) == ["owner"]
    assert counts(anew, spare)
    assert anew.state == "approved"


# 8: the second tab


def test_a_second_tab_that_shows_the_old_content_loses(identity, asker: User, owner: User) -> None:
    first_tab = asked(identity, asker)
    inventory.change(identity, facts={"purpose": "Sends money."}, actor=actor_of(asker))
    second = asked(identity, asker)
    for row in (first_tab, second):
        with pytest.raises(DomainError) as found:
            services.approve(row, reason=WHY, actor=actor_of(owner), content_hash=first_tab.content_hash)
        assert found.value.code == "changed_since"
    assert second.votes.count() == 0


def test_two_tabs_of_one_person_are_one_word(identity, asker: User, governor: User) -> None:
    approval = asked(identity, asker)
    stale = ApprovalRequest.objects.get(pk=approval.pk)
    assert counts(approval, governor)
    assert refused(stale, governor) == "already_voted"


# 9: another account of the same person


@pytest.mark.parametrize("facts", [{"email": "ann+2@example.com"}, {"first_name": "ANN", "last_name": "Archer"}])
def test_another_account_of_the_same_person_is_no_other(tenant: Tenant, owner: User, facts: dict[str, Any]) -> None:
    ann = veteran(tenant, email="ann@example.com", first_name="Ann", last_name="Archer")
    bot = register.identity(tenant, technical_owner=str(owner.pk))
    approval = asked(bot, ann)
    other = veteran(tenant, **facts)
    assert refused(approval, other) == "same_person"
    people.change_user(other, first_name="Bob", email="bob@example.com", actor=SYSTEM)
    assert refused(approval, User.objects.get(pk=other.pk)) == "same_person"


def test_of_two_words_no_person_gives_both_under_two_accounts(tenant: Tenant, asker: User) -> None:
    one = veteran(tenant, email="ann@example.com")
    other = veteran(tenant, PortalRole.ANALYST, email="ann+owner@example.com")
    approval = asked(register.identity(tenant, technical_owner=str(other.pk)), asker)
    assert counts(approval, one)
    assert refused(approval, other) == "same_person"


def test_of_two_words_no_person_gives_both_with_the_password_of_the_other(identity, asker, owner, governor) -> None:
    people.set_password(owner, password=PASSWORDS[0], actor=actor_of(governor))
    approval = asked(identity, asker)
    assert counts(approval, governor)
    assert refused(approval, owner) == "hand_of_requester"
    people.set_password(owner, password=PASSWORDS[1], actor=actor_of(owner))
    assert counts(approval, owner)


def test_an_account_that_is_younger_than_the_question_has_no_word(identity, asker: User, tenant: Tenant) -> None:
    approval = asked(identity, asker)
    newcomer = register.person(tenant)
    assert refused(approval, newcomer) == "young_account"
    anew = asked(identity, asker)
    assert refused(anew, newcomer) == "young_account"


def test_who_asks_sets_no_password_to_say_yes_with(identity, asker: User, governor: User) -> None:
    people.set_password(governor, password=PASSWORDS[0], actor=actor_of(asker))
    approval = asked(identity, asker)
    assert refused(approval, governor) == "hand_of_requester"
    people.set_password(governor, password=PASSWORDS[1], actor=actor_of(governor))
    assert counts(approval, governor)


def test_who_set_the_password_of_who_asks_has_asked(identity, asker: User, governor: User) -> None:
    people.set_password(asker, password=PASSWORDS[0], actor=actor_of(governor))
    assert refused(asked(identity, asker), governor) == "hand_of_requester"


def test_who_asks_makes_nobody_able_to_say_yes(identity, asker: User, tenant: Tenant) -> None:
    lifted, back = veteran(tenant, PortalRole.ANALYST), veteran(tenant, is_active=False)
    fair = veteran(tenant, PortalRole.ANALYST)
    approval = asked(identity, asker)
    people.set_role(lifted, role=PortalRole.ADMIN, actor=actor_of(asker))
    people.enable_user(back, actor=actor_of(asker))
    people.set_role(fair, role=PortalRole.ADMIN, actor=SYSTEM)
    for person in (lifted, back):
        assert refused(approval, User.objects.get(pk=person.pk)) == "hand_of_requester"
    assert counts(approval, User.objects.get(pk=fair.pk))


def test_somebody_who_left_says_nothing(identity, asker: User, governor: User, owner: User) -> None:
    approval = asked(identity, asker)
    for person in (governor, owner):
        User.objects.filter(pk=person.pk).update(is_active=False)
        assert refused(approval, person) == "not_entitled"


# 10: editing the requester


def test_another_name_for_who_asked_changes_nothing(identity, asker: User) -> None:
    approval = asked(identity, asker)
    people.change_user(asker, email="somebody-else@example.com", first_name="Some", last_name="Body", actor=SYSTEM)
    assert refused(approval, User.objects.get(pk=asker.pk)) == "own_request"


def test_asking_in_the_name_of_another_leaves_who_asked_first_involved(identity, asker: User, governor: User) -> None:
    asked(identity, asker)
    anew = asked(identity, governor)
    for person in (asker, governor):
        assert refused(anew, person) == "own_request"
    services.withdraw(anew, reason="x", actor=actor_of(governor))
    assert refused(asked(identity, governor), asker) == "own_request"


def test_what_was_approved_before_involves_nobody_in_what_follows(identity, asker, owner, governor) -> None:
    first = asked(identity, asker)
    for person in (owner, governor):
        assert counts(first, person)
    assert counts(asked(identity, governor), asker)


# 11: deleting and recreating


def test_words_on_what_is_gone_count_for_nothing_else(identity, asker: User, owner: User, tenant: Tenant) -> None:
    approval = asked(identity, asker)
    assert counts(approval, owner)
    ManagedIdentity.objects.filter(pk=identity.pk).update(state="retired")
    again = asked(register.identity(tenant, technical_owner=str(owner.pk)), asker)
    assert selectors.open_needs(again) == ["security", "owner"]
    assert refused(again, asker) == "own_request"


def test_an_account_that_was_made_again_is_younger(identity, asker: User, tenant: Tenant) -> None:
    made = people.create_user(
        tenant=tenant, email="again@example.com", role=PortalRole.ADMIN, password=PASSWORDS[0], actor=actor_of(asker)
    )
    approval = asked(identity, asker)
    # Made before, with a password that who asks knows.
    assert refused(approval, made) == "hand_of_requester"
    User.objects.filter(pk=made.pk).update(created_at=timezone.now() + timedelta(seconds=1))
    assert refused(approval, made) == "young_account"


# The arithmetic behind it


def test_the_reason_is_a_sentence_and_none_is_none(tenant: Tenant) -> None:
    at = timezone.now()
    one, other = veteran(tenant), veteran(tenant)
    assert four_eyes.refusal(one, involved=[str(other.pk)], since=at) == ""
    assert four_eyes.refusal(one, involved=[str(one.pk)], since=at).endswith("somebody else decides.")
    assert four_eyes.refusal(agent(of=tenant), involved=[], since=at) == "Only a person decides."
    assert four_eyes.refusal(one, involved=["no id", ""], since=at) == ""


def test_it_costs_two_queries_however_many_are_involved(tenant: Tenant, django_assert_num_queries) -> None:
    one, involved = veteran(tenant), [str(veteran(tenant).pk) for _ in range(5)]
    with django_assert_num_queries(2):
        assert four_eyes.refusal(one, involved=involved, since=timezone.now()) == ""


def test_a_vote_costs_a_fixed_number_of_queries(
    identity, asker: User, governor: User, tenant: Tenant, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        veteran(tenant)
    approval = asked(identity, asker)
    with django_assert_max_num_queries(30):
        services.approve(approval, reason=WHY, actor=actor_of(governor))
