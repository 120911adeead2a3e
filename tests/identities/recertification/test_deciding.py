"""Nobody but a person who was asked, or who governs, answers; and nobody by any way for his own."""

import pytest

from audit.actors import Actor
from identities.errors import Refused
from identities.inventory import services as inventory
from identities.inventory.subjects import actor_of as machine_of
from identities.people import services as accounts
from identities.people.actors import actor_of
from identities.people.models import User
from identities.recertification import decisions
from identities.recertification.models import ReviewDecision, ReviewItem
from tests.factories import people
from tests.factories.reviews import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def refused(item: ReviewItem, actor: Actor, decision: str = "certify") -> str:
    with pytest.raises(Refused) as error:
        decisions.decide(item, decision=decision, reason="Fine", actor=actor)
    assert not ReviewDecision.objects.exists()
    return error.value.code


def test_no_machine_answers(cast) -> None:
    item = cast.item()
    agent = people.agent(of=cast.tenant, role="ADMIN")
    for actor in (Actor.system("tests"), actor_of(agent), machine_of(item.identity), Actor.anonymous()):
        assert refused(item, actor) == "not_a_person"


def test_nobody_else_answers(cast) -> None:
    item, stranger = cast.item(), people.person(of=cast.tenant, role="ANALYST")
    for person in (stranger, cast.deputy, people.person()):
        assert refused(item, actor_of(person)) == "not_your_item"


def test_a_reviewer_who_was_disabled_or_lost_his_role_answers_no_more(cast) -> None:
    item = cast.item()
    User.objects.filter(pk=cast.owner.pk).update(role="READ_ONLY")
    assert refused(item, actor_of(cast.owner)) == "not_your_item"
    User.objects.filter(pk=cast.owner.pk).update(is_active=False)
    assert refused(item, actor_of(cast.owner)) == "not_a_person"


def test_who_governs_may_answer_for_the_reviewer(cast) -> None:
    done = decisions.decide(cast.item(), decision="certify", reason="", actor=actor_of(cast.admin))
    assert done.decided_by == cast.admin


def test_the_platforms_administrator_governs_every_tenant(cast) -> None:
    first = people.platform_admin()
    assert decisions.decide(cast.item(), decision="certify", reason="", actor=actor_of(first)).decided_by == first


@pytest.mark.parametrize("rule", ["team", "security"])
@pytest.mark.parametrize("role", ["technical_owner", "business_owner", "deputy_owner"])
def test_nobody_answers_for_his_own_under_rules_that_ask_others(cast, rule, role) -> None:
    facts = {"technical_owner": cast.owner.email, role: cast.admin.email}
    assert refused(cast.item(cast.identity(**facts), reviewer_rule=rule), actor_of(cast.admin)) == "not_your_item"


def test_security_counts_the_team_as_ones_own(cast) -> None:
    team = people.team(cast.admin, of=cast.tenant)
    item = cast.item(cast.identity(owner_team=team.name), reviewer_rule="security")
    assert refused(item, actor_of(cast.admin)) == "not_your_item"


def test_its_creator_has_nothing_of_his_own_in_it(cast) -> None:
    one = inventory.create(
        tenant_id=cast.tenant.pk,
        facts={"name": "made", "environment": "staging", "purpose": "x"},
        actor=actor_of(cast.admin),
    )
    item = cast.item(one, reviewer_rule="security")
    assert decisions.decide(item, decision="revoke", reason="No owner", actor=actor_of(cast.admin)).decision == "revoke"


def test_who_launched_it_does_not_certify_his_own(cast) -> None:
    item = cast.item(cast.identity(technical_owner=cast.admin.email, deputy_owner=cast.deputy.email))
    assert refused(item, actor_of(cast.admin)) == "not_your_item"


def test_an_owner_who_did_not_launch_it_answers_under_rule_owner(cast) -> None:
    done = decisions.decide(cast.item(), decision="certify", reason="", actor=actor_of(cast.owner))
    assert done.decided_by == cast.owner


def test_giving_it_away_to_answer_for_it_does_not_help(cast) -> None:
    one = cast.identity(technical_owner=cast.admin.email)
    item = cast.item(one, reviewer_rule="security")
    inventory.change(one, facts={"technical_owner": cast.owner.email}, actor=actor_of(cast.admin))
    assert refused(item, actor_of(cast.admin)) == "not_your_item"


def test_becoming_its_owner_takes_the_answer_away(cast) -> None:
    one = cast.identity()
    item = cast.item(one, reviewer_rule="security")
    assert item.reviewer == cast.admin
    inventory.change(one, facts={"business_owner": cast.admin.email}, actor=actor_of(cast.owner))
    assert refused(item, actor_of(cast.admin)) == "not_your_item"


def test_an_account_the_owner_made_able_since_is_his_hand(cast) -> None:
    governs_too = people.person(of=cast.tenant)
    one = cast.identity(technical_owner=governs_too.email)
    item = cast.item(one, reviewer_rule="security")
    puppet = people.person(of=cast.tenant, role="ANALYST")
    accounts.set_role(puppet, role="ADMIN", actor=actor_of(governs_too))
    assert refused(item, actor_of(User.objects.get(pk=puppet.pk))) == "hand_of_requester"


def test_another_account_of_the_owner_is_the_owner(cast) -> None:
    one = cast.identity(technical_owner=people.person(of=cast.tenant, email="ana@example.com").email)
    second = people.person(of=cast.tenant, email="ana+admin@example.com")
    item = cast.item(one, reviewer_rule="security")
    assert refused(item, actor_of(second)) == "same_person"


def test_the_second_tab_finds_it_answered(cast) -> None:
    item = cast.item()
    stale = ReviewItem.objects.get(pk=item.pk)
    decisions.decide(item, decision="certify", reason="", actor=actor_of(cast.owner))
    with pytest.raises(Exception, match="answered"):
        decisions.decide(stale, decision="revoke", reason="x", actor=actor_of(cast.admin))
    assert ReviewDecision.objects.count() == 1


def test_ones_own_may_be_handed_on_but_to_nobody_whose_own_it_is(cast) -> None:
    governs_too = people.person(of=cast.tenant)
    one = cast.identity(technical_owner=cast.admin.email)
    item = cast.item(one, reviewer_rule="security")
    assert item.reviewer == governs_too
    done = decisions.decide(
        item, decision="reassign", reason="Ask him", actor=actor_of(cast.admin), reviewer=cast.deputy
    )
    assert done.reviewer == cast.deputy
    with pytest.raises(Exception, match="own"):
        decisions.decide(item, decision="reassign", reason="Me", actor=actor_of(cast.deputy), reviewer=cast.admin)
