"""A service user's row is governed like any other: reviewed, handed on, drilled, imported, written as code."""

import pytest
from django.db import transaction
from django.utils import timezone

from identities.discovery import merging
from identities.errors import Invalid
from identities.inventory import bulk, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import drills, services as lifecycle
from identities.people import services as accounts
from identities.people.actors import actor_of
from identities.people.models import User
from identities.people.sign_in import open_session
from identities.provisioning.sections.identities import Identities
from identities.recertification import acting, decisions, undoing
from identities.recertification.consequences import Consequence
from tests.factories import people, register
from tests.factories.reviews import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.fixture
def user(cast) -> User:
    made = accounts.create_user(
        tenant=cast.tenant,
        email="reports-agent@aegis.example",
        role="ANALYST",
        is_agent=True,
        actor=actor_of(cast.admin),
    )
    inventory.change(row_of(made), facts={"technical_owner": cast.owner.email}, actor=actor_of(cast.admin))
    return made


def row_of(user) -> ManagedIdentity:
    return ManagedIdentity.objects.select_related("owner_team").get(account_id=user.pk)


def is_active(user) -> bool:
    return User.objects.get(pk=user.pk).is_active


def test_revoking_it_in_a_campaign_disables_the_account_and_undoing_gives_it_back(cast, user):
    open_session(user)
    item = cast.item(row_of(user))
    assert "access" not in item.unclear
    item = decisions.decide(item, decision="revoke", reason="Replaced.", actor=actor_of(cast.owner))
    assert item.remediation_state == "done"
    assert (row_of(user).state, is_active(user)) == ("disabled", False)
    undoing.undo(item, reason="Still needed.", actor=actor_of(people.person(of=cast.tenant)))
    assert (row_of(user).state, is_active(user)) == ("active", True)


def test_there_is_nothing_to_reduce_but_what_it_may_do_is_known(cast, user):
    item = cast.item(row_of(user))
    with pytest.raises(Invalid):
        decisions.decide(item, decision="reduce", reason="Less.", bindings=[], actor=actor_of(cast.owner))
    assert is_active(user)


def test_silence_that_disables_disables_the_account(cast, user):
    item = cast.item(row_of(user))
    item.identity = row_of(user)
    with transaction.atomic():
        acting.act([item], Consequence.DISABLE, reason="Nobody answered.", at=timezone.now())
    assert not is_active(user)


def test_a_drill_stops_the_account_for_its_minutes_and_gives_it_back(cast, user):
    row = drills.rehearse(row_of(user), reason="Rehearsed.", minutes=5, actor=actor_of(cast.admin))
    assert not is_active(user)
    row.release_at = timezone.now()
    row.save(update_fields=["release_at"])
    assert drills.end_due(timezone.now()) == 1
    assert is_active(user)


def test_what_another_source_says_of_it_leaves_the_account_alone(cast, user):
    other = register.imported(cast.tenant, name="reports", purpose="Nightly reports.", kind="bot")
    merging.merge(kept=row_of(user), absorbed=other, reason="The same.", actor=actor_of(cast.admin))
    row = row_of(user)
    assert (row.purpose, row.kind, row.issuance) == ("Nightly reports.", "service_user", "external")
    update = bulk.Update(identity=row, facts={"name": "other", "issuance": "portal"}, source="csv")
    bulk.change_many(tenant_id=row.tenant_id, updates=[update], actor=actor_of(cast.admin), at=timezone.now())
    assert (row_of(user).name, row_of(user).issuance) == (user.email, "external")


def test_as_code_it_reads_as_it_stands_and_a_state_written_there_stops_the_account(cast, user):
    section = Identities()
    values = next(one for one in section.current(cast.tenant) if one["name"] == user.email)
    assert (values["kind"], values["issuance"], values["state"]) == ("service_user", "external", "active")
    lifecycle.disable(row_of(user), reason="as code", actor=actor_of(cast.admin))
    assert not is_active(user)


def test_its_owner_can_be_another_and_the_account_does_not_take_that_back(cast, user):
    inventory.change(row_of(user), facts={"technical_owner": cast.deputy.email}, actor=actor_of(cast.admin))
    accounts.set_role(user, role="READ_ONLY", actor=actor_of(cast.admin))
    assert row_of(user).technical_owner == cast.deputy
