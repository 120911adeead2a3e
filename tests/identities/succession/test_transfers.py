from datetime import timedelta

import pytest
from django.utils import timezone

from identities.access.models import RoleBinding
from identities.errors import Conflict, Invalid, Refused
from identities.lifecycle import services as lifecycle
from identities.people import notices
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.succession import cases, transfers
from identities.succession.models import CaseState, SuccessionCase, TransferState
from tests.factories import register

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return register.tenant()


@pytest.fixture
def admin(company):
    return register.person(company)


@pytest.fixture
def receiver(company):
    return register.person(company, PortalRole.READ_ONLY)


@pytest.fixture
def bot(company, admin):
    return register.identity(company, technical_owner=admin)


def ask(bot, receiver, admin, **more):
    return transfers.ask(bot, receiver=receiver, reason="Payments runs it now", actor=actor_of(admin), **more)


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"receiver": ""}, "receiver"),
        ({"receiver": "Somebody in finance"}, "receiver"),
        ({"receiver": "00000000-0000-0000-0000-000000000001"}, "receiver"),
        ({"reason": "  "}, "reason"),
        ({"role": "emperor"}, "role"),
        ({"ticket": "x" * 255}, "ticket"),
        ({"owner_team": "no such team"}, "owner_team"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_its_member(bot, receiver, admin, wrong, member):
    told = {"receiver": receiver, "reason": "Why not", **wrong}
    with pytest.raises(Invalid) as caught:
        transfers.ask(bot, actor=actor_of(admin), **told)
    assert list(caught.value.errors) == [member]
    assert not bot.transfers.exists()


def test_a_stranger_a_machine_and_a_leaver_cannot_receive(bot, admin, company):
    foreign = register.person(register.tenant())
    agent = register.person(company, email="x-agent@example.com", is_agent=True)
    gone = register.person(company, is_active=False)
    for person in (foreign, agent, gone):
        with pytest.raises(Invalid) as caught:
            ask(bot, person, admin)
        assert "receiver" in caught.value.errors


def test_it_cannot_be_handed_to_whom_it_belongs_or_asked_twice(bot, receiver, admin):
    with pytest.raises(Invalid):
        ask(bot, admin, admin)
    ask(bot, receiver, admin)
    with pytest.raises(Conflict) as caught:
        ask(bot, receiver, admin)
    assert caught.value.code == "transfer_open"


def test_nothing_changes_before_the_receiver_says_yes(bot, receiver, admin, company):
    register.grant(bot, "workflow.execute")
    binding = bot.bindings.get()
    ask(bot, receiver, admin)
    bot.refresh_from_db()
    binding.refresh_from_db()
    assert (bot.technical_owner, binding.ended_at) == (admin, None)
    assert notices.waiting(receiver).get().kind == "transfer_asked"


def test_only_the_receiver_answers_not_even_who_asked(bot, receiver, admin):
    transfer = ask(bot, receiver, admin)
    for who in (transfers.accept, transfers.decline):
        with pytest.raises(Refused) as caught:
            who(transfer, actor=actor_of(admin), reason="I decide")
        assert caught.value.code == "not_the_receiver"


def test_with_the_yes_it_is_theirs_and_its_bindings_end(bot, receiver, admin, company):
    register.grant(bot, "workflow.execute")
    team = register.team(company, receiver)
    transfer = transfers.accept(ask(bot, receiver, admin, owner_team=team.name), actor=actor_of(receiver))
    bot.refresh_from_db()
    assert (bot.technical_owner, bot.owner_team) == (receiver, team)
    assert (transfer.state, transfer.bindings_ended) == (TransferState.ACCEPTED, 1)
    assert not RoleBinding.objects.standing(timezone.now()).filter(identity=bot).exists()
    assert RoleBinding.objects.get(identity=bot).ended_reason == transfers.ENDED
    assert not notices.waiting(receiver).exists()


def test_with_a_no_it_stays_and_the_question_is_over(bot, receiver, admin):
    transfer = ask(bot, receiver, admin)
    with pytest.raises(Invalid):
        transfers.decline(transfer, actor=actor_of(receiver), reason="")
    transfers.decline(transfer, actor=actor_of(receiver), reason="Not mine")
    bot.refresh_from_db()
    assert bot.technical_owner == admin
    with pytest.raises(Conflict) as caught:
        transfers.accept(transfer, actor=actor_of(receiver))
    assert caught.value.code == "transfer_over"


def test_what_nobody_answers_ends_by_itself(bot, receiver, admin):
    transfer = ask(bot, receiver, admin)
    assert transfers.expire_due(transfer.due_at - timedelta(seconds=1)) == 0
    assert transfers.expire_due(transfer.due_at) == 1
    transfer.refresh_from_db()
    assert transfer.state == TransferState.EXPIRED
    assert not notices.waiting(receiver).exists()
    ask(bot, receiver, admin)


def test_a_receiver_who_left_meanwhile_receives_nothing(bot, receiver, admin):
    transfer = ask(bot, receiver, admin)
    lifecycle.disable_person(receiver, reason="Left", actor=actor_of(admin))
    with pytest.raises(Refused):
        transfers.accept(transfer, actor=actor_of(receiver))


def test_a_transfer_settles_the_succession(company, receiver, admin):
    owner = register.person(company, PortalRole.ANALYST)
    bot = register.identity(company, technical_owner=owner)
    lifecycle.disable_person(owner, reason="Left", actor=actor_of(admin))
    cases.tend(timezone.now())
    transfers.accept(ask(bot, receiver, admin), actor=actor_of(receiver))
    cases.tend(timezone.now())
    assert SuccessionCase.objects.get(identity=bot).state == CaseState.MOOT


def test_a_retired_identity_changes_hands_no_more(bot, receiver, admin):
    lifecycle.retire(bot, reason="Over", actor=actor_of(admin))
    with pytest.raises(Conflict) as caught:
        ask(bot, receiver, admin)
    assert caught.value.code == "identity_retired"
