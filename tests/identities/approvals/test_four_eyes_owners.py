"""Four eyes and owners: whoever a requester's transfer made an owner has no word for it."""

import pytest

from identities.approvals import services
from identities.errors import Refused
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.succession import transfers
from tests.factories.approvals import asked, veteran

pytestmark = pytest.mark.django_db


def test_who_took_it_over_from_the_requester_does_not_speak_as_its_owner(
    identity: ManagedIdentity, tenant: Tenant, asker: User, owner: User, governor: User
) -> None:
    friend = veteran(tenant, PortalRole.ANALYST)
    approval = asked(identity, asker)
    transfer = transfers.ask(identity, receiver=friend, role="deputy_owner", reason="Take it", actor=actor_of(asker))
    transfers.accept(transfer, actor=actor_of(friend))
    with pytest.raises(Refused) as refused:
        services.approve(approval, reason="Looked at it", actor=actor_of(friend))
    assert refused.value.code == "hand_of_requester"
    for person in (owner, governor):
        services.approve(approval, reason="Looked at it", actor=actor_of(person))
    approval.refresh_from_db()
    assert approval.state == "approved"
