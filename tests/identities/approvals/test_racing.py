"""Words given in the same instant: each counts once, and the last yes lets the subject go on once."""

import pytest

from identities.approvals import services
from identities.approvals.models import ApprovalRequest
from identities.errors import DomainError
from identities.inventory import services as inventory
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from tests.factories import register
from tests.factories.approvals import SYSTEM, asked, seen, veteran
from tests.scheduling.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def said(approval: ApprovalRequest, person) -> str:
    try:
        return services.approve(approval, reason="x", actor=actor_of(person)).state
    except DomainError as error:
        return error.code


def test_eight_tabs_of_two_people_are_two_words() -> None:
    tenant = register.tenant()
    owner, governor = veteran(tenant, PortalRole.ANALYST), veteran(tenant)
    approval = asked(register.identity(tenant, technical_owner=str(owner.pk)), veteran(tenant))
    seen()
    answers = race(8, lambda number: said(approval, (owner, governor)[number % 2]))
    assert sorted(set(answers)) in (["already_decided", "already_voted", "approved", "pending"],
                                    ["already_decided", "approved", "pending"])  # fmt: skip
    assert (answers.count("approved"), answers.count("pending")) == (1, 1)
    assert (seen(), approval.votes.count()) == (["approved"], 2)


def test_a_change_in_the_same_instant_is_never_approved_unseen() -> None:
    tenant = register.tenant()
    owner, governor = veteran(tenant, PortalRole.ANALYST), veteran(tenant)
    for _ in range(10):
        bot = register.identity(tenant, technical_owner=str(owner.pk))
        approval = asked(bot, veteran(tenant))
        said(approval, owner)
        seen()

        def work(number: int, approval=approval, bot=bot) -> str:
            if number:
                return said(approval, governor)
            inventory.change(bot, facts={"purpose": "Sends money."}, actor=SYSTEM)
            return "changed"

        answers = race(2, work)
        approval.refresh_from_db()
        assert answers[1] in {"approved", "changed_since"}
        assert (answers[1] == "approved") is (seen() == ["approved"])
        assert approval.content["purpose"] == "Runs payroll."
