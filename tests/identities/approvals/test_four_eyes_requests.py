"""The eleven ways around four eyes, tried on a request for an identity of high tier, through every door it has."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from identities.approvals import selectors, services as approvals
from identities.approvals.models import ApprovalRequest
from identities.errors import DomainError
from identities.people import services as people
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.requests import services as requests
from identities.requests.models import IdentityRequest
from identities.requests.subject import KIND
from tests.factories import pages, people as cast, register
from tests.factories.approvals import SYSTEM, agent, veteran
from tests.factories.pages import signed_in

pytestmark = pytest.mark.django_db
WHY = {"reason": "Looked at it"}


@pytest.fixture
def asker(tenant: Tenant) -> User:
    return veteran(tenant, first_name="Ada", last_name="Asker", email="ada@example.com")


@pytest.fixture
def row(tenant: Tenant, asker: User, owner: User, governor: User) -> IdentityRequest:
    return opened(tenant, asker, technical_owner=owner.email)


def opened(tenant: Tenant, by: User, **members: Any) -> IdentityRequest:
    given = {
        "bundle": "observability-bot",
        "name": "watcher",
        "environment": "production",
        "purpose": "Draws the dashboard of runs.",
        "customer_facing": True,
        "expires_at": timezone.now() + timedelta(days=30),
        "change_note": "A new one",
        "rollback_plan": "Retire it",
        "ticket": "OPS-1",
        **members,
    }
    return requests.request(tenant=tenant, given=given, actor=actor_of(by)).row


def waiting(row: IdentityRequest) -> ApprovalRequest:
    found = selectors.pending_of(KIND, row.pk)
    assert found is not None
    return found


def fresh(row: IdentityRequest) -> IdentityRequest:
    return IdentityRequest.objects.select_related("approval").get(pk=row.pk)


def refused(row: IdentityRequest, person: User) -> str:
    """The code that both doors of the rooms give; nothing of the request has gone on."""
    codes = set()
    for vote in (
        lambda: requests.approve(fresh(row), reason="Needed", actor=actor_of(person)),
        lambda: approvals.approve(waiting(row), reason="Needed", actor=actor_of(person)),
    ):
        with pytest.raises(DomainError) as found:
            vote()
        codes.add(found.value.code)
    assert (fresh(row).state, fresh(row).identity_id) == ("pending", None)
    assert len(codes) == 1
    return codes.pop()


def test_its_own_asker_gets_no_yes_through_any_door(row: IdentityRequest, asker: User) -> None:
    client, browser = register.client_of(asker), signed_in(asker)
    for route in (f"/api/identityRequests/{row.pk}/approve", f"/api/approvals/{waiting(row).pk}/approve"):
        answer = client.post(route, WHY, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "own_request")
    assert browser.post(pages.command(waiting(row), "approve"), WHY).status_code == 422
    assert refused(row, asker) == "own_request"


def test_many_at_once_hold_back_what_is_their_own(tenant: Tenant, asker: User, owner: User, row) -> None:
    mine = opened(tenant, owner, technical_owner=owner.email, name="another watcher")
    assert refused(mine, owner) == "own_request"
    requests.approve(fresh(row), reason="Needed", actor=actor_of(owner))
    assert fresh(row).state == "pending"


def test_the_team_that_owns_it_does_not_hide_who_asked(tenant: Tenant, asker: User, governor: User) -> None:
    team = cast.team(asker, veteran(tenant, PortalRole.ANALYST), of=tenant)
    mine = opened(tenant, asker, owner_team=team.name)
    assert refused(mine, asker) == "own_request"
    friend = veteran(tenant, PortalRole.ANALYST)
    people.add_member(team, friend, actor=actor_of(asker))
    assert refused(mine, friend) == "hand_of_requester"


def test_no_machine_says_yes(row: IdentityRequest, tenant: Tenant) -> None:
    assert refused(row, agent(of=tenant, role=PortalRole.ADMIN)) == "not_a_person"


def test_what_is_altered_after_a_yes_starts_anew(row: IdentityRequest, asker: User, owner: User) -> None:
    requests.approve(fresh(row), reason="Needed", actor=actor_of(owner))
    first = waiting(row)
    requests.change(fresh(row), given={"purpose": "Reads everything."}, actor=actor_of(asker))
    second = waiting(row)
    assert (second.votes.count(), second.previous_content["purpose"]) == (0, "Draws the dashboard of runs.")
    with pytest.raises(DomainError) as found:
        approvals.approve(first, reason="Needed", actor=actor_of(owner))
    assert found.value.code == "changed_since"


def test_who_alters_it_is_one_of_those_who_ask(row: IdentityRequest, asker: User, governor: User, tenant) -> None:
    veteran(tenant)
    requests.change(fresh(row), given={"purpose": "Reads everything."}, actor=actor_of(governor))
    for person in (asker, governor):
        assert refused(row, person) == "own_request"


def test_an_owner_for_the_while_leaves_no_yes_behind(row, tenant: Tenant, asker: User, owner: User) -> None:
    friend = veteran(tenant, PortalRole.ANALYST)
    requests.change(fresh(row), given={"technical_owner": friend.email}, actor=actor_of(asker))
    requests.approve(fresh(row), reason="Needed", actor=actor_of(friend))
    requests.change(fresh(row), given={"technical_owner": owner.email}, actor=actor_of(asker))
    assert selectors.open_needs(waiting(row)) == ["security", "owner"]
    assert refused(row, friend) == "not_entitled"


def test_a_second_tab_says_yes_to_nothing_else(row: IdentityRequest, asker: User, owner: User) -> None:
    seen = waiting(row).content_hash
    requests.change(fresh(row), given={"purpose": "Reads everything."}, actor=actor_of(asker))
    with pytest.raises(DomainError) as found:
        requests.approve(fresh(row), reason="Needed", actor=actor_of(owner), content_hash=seen)
    assert found.value.code == "changed_since"
    assert waiting(row).votes.count() == 0


@pytest.mark.parametrize("facts", [{"email": "ada+boss@example.com"}, {"first_name": "ada", "last_name": "ASKER"}])
def test_another_account_of_who_asked_says_nothing(row: IdentityRequest, tenant: Tenant, facts: Any) -> None:
    assert refused(row, veteran(tenant, **facts)) == "same_person"


def test_who_asked_under_a_new_name_asked(row: IdentityRequest, asker: User) -> None:
    people.change_user(asker, email="nobody-else@example.com", first_name="No", last_name="Body", actor=SYSTEM)
    assert refused(row, User.objects.get(pk=asker.pk)) == "own_request"


def test_asked_again_it_has_no_word_of_before(row: IdentityRequest, tenant: Tenant, asker: User, owner: User) -> None:
    requests.approve(fresh(row), reason="Needed", actor=actor_of(owner))
    requests.cancel(fresh(row), reason="Again", actor=actor_of(asker))
    again = opened(tenant, asker, technical_owner=owner.email)
    assert selectors.open_needs(waiting(again)) == ["security", "owner"]
    assert refused(again, asker) == "own_request"


def test_two_others_are_enough(row: IdentityRequest, owner: User, governor: User) -> None:
    for person in (owner, governor):
        requests.approve(fresh(row), reason="Needed", actor=actor_of(person))
    assert fresh(row).state in {"approved", "issued"}
