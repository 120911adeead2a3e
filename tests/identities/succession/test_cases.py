from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import notices, services as people
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole
from identities.succession import cases, left_behind
from identities.succession.models import CaseState, Step, SuccessionCase
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return register.tenant()


@pytest.fixture
def admin(company):
    return register.person(company)


@pytest.fixture
def owner(company):
    return register.person(company, PortalRole.ANALYST)


@pytest.fixture
def deputy(company):
    return register.person(company, PortalRole.ANALYST)


@pytest.fixture
def bot(company, owner, deputy):
    return register.identity(company, technical_owner=owner, deputy_owner=deputy)


def leave(person, admin):
    lifecycle.disable_person(person, reason="Left the company", actor=actor_of(admin))


def opened(bot, at=None):
    cases.tend(at or timezone.now())
    return SuccessionCase.objects.get(identity=bot)


def test_nobody_is_looked_for_while_an_owner_is_there(bot, admin):
    assert cases.tend(timezone.now()) == 0
    assert not SuccessionCase.objects.exists()


def test_an_identity_that_never_had_an_owner_is_nobodys_succession(company):
    register.identity(company)
    assert cases.tend(timezone.now()) == 0


def test_one_owner_of_two_may_leave(company, owner, admin):
    both = register.identity(company, technical_owner=owner, business_owner=admin)
    other = register.person(company)
    lifecycle.disable_person(owner, reason="Left", actor=actor_of(other))
    assert cases.tend(timezone.now()) == 0
    both.refresh_from_db()
    assert both.caretaker_since is None


def test_when_the_owner_leaves_the_deputy_is_asked_and_it_works_on(bot, owner, deputy, admin):
    leave(owner, admin)
    case = opened(bot)
    bot.refresh_from_db()
    assert (bot.state, bot.caretaker_since is not None) == ("active", True)
    assert (case.step, case.steps[-1]["people"], case.leaver) == (Step.DEPUTY, [str(deputy.pk)], owner)
    assert notices.waiting(deputy).get().kind == "succession_asked"
    assert cases.tend(timezone.now()) == 0


def test_two_workers_open_one_case(bot, owner, admin):
    leave(owner, admin)
    at = timezone.now()
    assert cases.open_case(bot, actor=cases.CLOCK, at=at) is not None
    assert cases.open_case(bot, actor=cases.CLOCK, at=at) is None


def test_who_was_not_asked_cannot_take_it_over(bot, owner, admin, company):
    leave(owner, admin)
    case = opened(bot)
    stranger = register.person(company, PortalRole.ANALYST)
    with pytest.raises(Refused) as caught:
        cases.take_over(case, actor=actor_of(stranger))
    assert caught.value.code == "not_asked"


def test_a_person_of_another_tenant_and_a_machine_cannot_take_it_over(bot, owner, admin):
    leave(owner, admin)
    case = opened(bot)
    for actor in (actor_of(register.person(register.tenant())), cases.CLOCK):
        with pytest.raises(Refused) as caught:
            cases.take_over(case, actor=actor)
        assert caught.value.code == "not_a_person"


def test_the_deputy_takes_it_over_and_nothing_waits_any_more(bot, owner, deputy, admin):
    leave(owner, admin)
    case = cases.take_over(opened(bot), actor=actor_of(deputy))
    bot.refresh_from_db()
    assert (bot.technical_owner, bot.caretaker_since) == (deputy, None)
    assert (case.state, case.settled_by) == (CaseState.SETTLED, deputy.email)
    assert not notices.waiting(deputy).exists()
    with pytest.raises(Conflict) as caught:
        cases.take_over(case, actor=actor_of(deputy))
    assert caught.value.code == "succession_over"


def test_role_bindings_outlive_a_succession(bot, owner, deputy, admin, company):
    register.grant(bot, "workflow.execute")
    binding = bot.bindings.get()
    leave(owner, admin)
    cases.take_over(opened(bot), actor=actor_of(deputy))
    binding.refresh_from_db()
    assert binding.ended_at is None


def test_a_no_wants_a_reason_and_passes_it_on_at_once(bot, owner, deputy, admin):
    leave(owner, admin)
    case = opened(bot)
    with pytest.raises(Invalid):
        cases.decline(case, actor=actor_of(deputy), reason=" ")
    case = cases.decline(case, actor=actor_of(deputy), reason="I move on as well")
    assert (case.step, case.state) == (Step.SECURITY, CaseState.OPEN)
    assert case.steps[0]["declined"][0]["reason"] == "I move on as well"
    assert not notices.waiting(deputy).exists()
    assert notices.waiting(admin).exists()


def test_the_last_step_cannot_be_declined_away(bot, owner, deputy, admin):
    leave(owner, admin)
    case = cases.decline(opened(bot), actor=actor_of(deputy), reason="No")
    case = cases.decline(case, actor=actor_of(admin), reason="No")
    assert (case.state, case.step) == (CaseState.OPEN, Step.SECURITY)
    cases.tend(timezone.now() + timedelta(days=30))
    bot.refresh_from_db()
    assert bot.technical_owner == admin


def test_without_an_answer_each_is_asked_in_turn_and_security_holds_it_in_the_end(company, owner, deputy, admin):
    chief, member = register.person(company, PortalRole.ANALYST), register.person(company, PortalRole.ANALYST)
    people.set_manager(owner, manager=chief, actor=actor_of(admin))
    team = register.team(company, member)
    bot = register.identity(company, technical_owner=owner, deputy_owner=deputy, owner_team=team)
    leave(owner, admin)
    at, asked = timezone.now(), []
    case = opened(bot)
    while case.state == CaseState.OPEN:
        asked.append((case.step, case.steps[-1]["labels"]))
        at = case.due_at
        cases.tend(at - timedelta(seconds=1))
        case.refresh_from_db()
        assert case.step == asked[-1][0], "it moved before its time"
        cases.tend(at)
        case.refresh_from_db()
    assert asked == [
        (Step.DEPUTY, [deputy.email]),
        (Step.TEAM, [member.email]),
        (Step.MANAGER, [chief.email]),
        (Step.SECURITY, [admin.email]),
    ]
    bot.refresh_from_db()
    assert (bot.technical_owner, case.settled_reason) == (admin, cases.BY_DEFAULT)


def test_whoever_was_asked_before_may_still_say_yes(bot, owner, deputy, admin):
    leave(owner, admin)
    case = opened(bot)
    cases.tend(case.due_at)
    case.refresh_from_db()
    assert case.step == Step.SECURITY
    cases.take_over(case, actor=actor_of(deputy))
    bot.refresh_from_db()
    assert bot.technical_owner == deputy


def test_a_team_that_empties_leaves_its_identities_to_the_next(company, admin):
    last = register.person(company, PortalRole.ANALYST)
    bot = register.identity(company, owner_team=register.team(company, last))
    assert cases.tend(timezone.now()) == 0
    assert bot.owner_team is not None
    people.remove_member(bot.owner_team, user=last, actor=actor_of(admin))
    case = opened(bot)
    assert (case.leaver, case.step) == (None, Step.SECURITY)


def test_an_owner_named_by_another_way_makes_it_moot(bot, owner, admin, company):
    leave(owner, admin)
    case = opened(bot)
    inventory.change(bot, facts={"technical_owner": admin}, actor=actor_of(admin))
    cases.tend(timezone.now())
    case.refresh_from_db()
    bot.refresh_from_db()
    assert (case.state, bot.caretaker_since) == (CaseState.MOOT, None)


def test_an_owner_who_comes_back_has_it_again(bot, owner, deputy, admin):
    leave(owner, admin)
    case = opened(bot)
    people.enable_user(owner, actor=actor_of(admin))
    cases.tend(timezone.now())
    case.refresh_from_db()
    bot.refresh_from_db()
    assert (case.state, bot.caretaker_since, bot.technical_owner) == (CaseState.MOOT, None, owner)
    assert not notices.waiting(deputy).exists()


def test_a_leaver_of_many_is_told_of_once(company, owner, deputy, admin):
    for _ in range(5):
        register.identity(company, technical_owner=owner, deputy_owner=deputy)
    leave(owner, admin)
    assert cases.tend(timezone.now()) == 5
    assert notices.waiting(deputy).count() == 1
    first, *others = SuccessionCase.objects.all()
    cases.take_over(first, actor=actor_of(deputy))
    assert notices.waiting(deputy).count() == 1, "four more wait"
    for case in others:
        cases.take_over(case, actor=actor_of(deputy))
    assert not notices.waiting(deputy).exists()


def test_a_retired_identity_needs_nobody(bot, owner, admin):
    leave(owner, admin)
    case = opened(bot)
    lifecycle.retire(bot, reason="Over", actor=actor_of(admin))
    cases.tend(case.due_at)
    case.refresh_from_db()
    assert case.state == CaseState.MOOT


def test_each_step_stands_on_the_identitys_timeline(bot, owner, deputy, admin):
    leave(owner, admin)
    case = opened(bot)
    cases.tend(case.due_at)
    cases.take_over(SuccessionCase.objects.get(pk=case.pk), actor=actor_of(deputy))
    told = AuditEvent.objects.filter(subject_id=str(bot.pk), type__startswith="succession.").order_by("id")
    assert list(told.values_list("type", flat=True)) == [
        "succession.opened",
        "succession.step_asked",
        "succession.step_passed",
        "succession.step_asked",
        "succession.settled",
    ]


def test_what_a_person_would_leave_is_listed_before_they_do(bot, owner, deputy, company):
    assert list(left_behind.owned_by(owner.pk)) == [bot]
    assert list(left_behind.owned_by(deputy.pk)) == [bot]
    assert not left_behind.owned_by(register.person(company).pk)


def test_looking_for_who_was_left_costs_the_same_whoever_many_are_not(company, owner, django_assert_num_queries):
    ManagedIdentity.objects.bulk_create(
        ManagedIdentity(tenant=company, name=f"b {n}", client_id=f"c{n}", technical_owner=owner) for n in range(50)
    )
    register.person(company, is_active=False)
    register.team(company)
    with django_assert_num_queries(3):
        assert not list(left_behind.without_anybody(200))


def test_notices_never_name_a_secret_or_another_tenant(bot, owner, deputy, admin):
    leave(owner, admin)
    opened(bot)
    assert {notice.tenant_id for notice in Notice.objects.filter(kind="succession_asked")} == {bot.tenant_id}


def test_whose_owner_may_be_back_is_asked_of_an_index_and_not_of_the_whole_register():
    names = {index.name: index for index in ManagedIdentity._meta.indexes}
    assert "identity_in_care" in names
    if connection.vendor == "postgresql":
        # Of a table that is all but empty it may read every row: whether the index could answer is what is asked.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert "identity_in_care" in left_behind.owned_again(10).explain()
