"""Four eyes and ways in beside the password: an address that leads in through the provider, tokens put into a vault."""

import pytest

from identities.approvals import services
from identities.errors import Refused
from identities.inventory.models import ManagedIdentity
from identities.people import provider_links, services as people
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.service_users import issuing
from identities.vaults.references import SecretReference
from tests.factories import register
from tests.factories.approvals import agent, asked, veteran
from tests.identities.api.conftest import keep_signing_key

pytestmark = pytest.mark.django_db
MINE = "somebody-else@example.com"


def refused(approval, person: User) -> str:
    with pytest.raises(Refused) as found:
        services.approve(approval, reason="Looked at it", actor=actor_of(person))
    return found.value.code


def come_in(person: User, address: str) -> None:
    found = provider_links.person_of(issuer="https://id.example", subject="s-1", email=address, is_verified=True)
    assert found == person


def test_who_gave_an_account_the_address_by_which_the_provider_finds_it_has_no_second_pair_of_eyes(
    identity: ManagedIdentity, tenant: Tenant, asker: User
) -> None:
    puppet = veteran(tenant, PortalRole.ADMIN)
    people.change_user(puppet, email=MINE, actor=actor_of(asker))
    come_in(puppet, MINE)
    assert refused(asked(identity, asker), puppet) == "hand_of_requester"
    assert refused(asked(register.identity(tenant), puppet), asker) == "hand_of_requester"


def test_an_address_that_leads_nowhere_and_a_link_that_was_there_before_are_no_hand(
    tenant: Tenant, asker: User
) -> None:
    corrected, linked = veteran(tenant, PortalRole.ADMIN), veteran(tenant, PortalRole.ADMIN)
    come_in(linked, linked.email)
    for person in (corrected, linked):
        people.change_user(person, email=f"new-{person.email}", actor=actor_of(asker))
    for person in (corrected, linked):
        approval = asked(register.identity(tenant), asker)
        services.approve(approval, reason="Looked at it", actor=actor_of(person))


def test_who_put_the_tokens_of_the_machine_that_asks_into_a_vault_has_asked_until_it_has_another_password(
    identity: ManagedIdentity, tenant: Tenant, asker: User
) -> None:
    keep_signing_key()
    robot = agent(of=tenant, role=PortalRole.ANALYST)
    place = SecretReference("local", "local://default", "robot/tokens")
    issuing.store_tokens(robot, store_at=place, actor=actor_of(asker))
    assert refused(asked(identity, robot), asker) == "hand_of_requester"
    people.set_password(robot, password="Second-Horse-Staple-2", actor=actor_of(robot))
    services.approve(asked(identity, robot), reason="Looked at it", actor=actor_of(asker))
