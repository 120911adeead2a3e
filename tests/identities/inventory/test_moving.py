"""Many identities moved at once: as one is, all or none, and in as few statements."""

import pytest

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.moving import move_held
from identities.inventory.states import State
from tests.factories import register

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
#: Of the instant, and of the row that is compared.
OWN = {"id", "client_id", "name", "state_changed_at", "assessed_at", "reassess_at", "updated_at", "created_at"}


def plain(identity: ManagedIdentity) -> dict[str, object]:
    row = ManagedIdentity.objects.filter(pk=identity.pk).values().get()
    return {name: value for name, value in row.items() if name not in OWN and name != "provenance"}


def test_without_a_reason_nothing_moves():
    with pytest.raises(Invalid):
        move_held([register.identity(register.tenant())], target=State.DISABLED, reason=" ", actor=SYSTEM)


def test_where_one_cannot_move_none_does():
    tenant = register.tenant()
    first, second = register.identity(tenant), register.identity(tenant)
    second = inventory.set_state(second, target=State.RETIRED, reason="x", actor=SYSTEM)
    with pytest.raises(Conflict):
        move_held([first, second], target=State.DISABLED, reason="x", actor=SYSTEM)
    first.refresh_from_db()
    assert first.state == State.ACTIVE


def test_out_of_an_incident_leads_only_its_release():
    bot = register.identity(register.tenant())
    bot = inventory.set_state(bot, target=State.QUARANTINED, reason="x", actor=SYSTEM)
    with pytest.raises(Conflict):
        move_held([bot], target=State.DISABLED, reason="x", actor=SYSTEM)


def test_it_is_what_moving_one_is():
    tenant = register.tenant()
    alone, among = register.identity(tenant), register.identity(tenant)
    inventory.set_state(alone, target=State.DISABLED, reason="over", actor=SYSTEM)
    move_held([ManagedIdentity.objects.get(pk=among.pk)], target=State.DISABLED, reason="over", actor=SYSTEM)
    assert plain(alone) == plain(among)
    said = [AuditEvent.objects.get(subject_id=str(one.pk), type="identity.disabled") for one in (alone, among)]
    assert (said[0].changes, said[0].reason) == (said[1].changes, said[1].reason)


def test_ten_take_no_more_statements_than_two(django_assert_max_num_queries):
    tenant = register.tenant()
    rows = [register.identity(tenant) for _ in range(10)]
    with django_assert_max_num_queries(12):
        move_held(rows, target=State.DISABLED, reason="x", actor=SYSTEM)
