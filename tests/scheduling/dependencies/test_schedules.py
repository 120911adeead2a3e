"""What of scheduling breaks when an identity goes."""

from uuid import uuid4

import pytest

from identities.inventory.dependencies.base import dependencies_of
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db


def named(identity):
    return {found.label: found.detail for found in dependencies_of(identity) if found.kind == "schedule"}


def test_nothing_breaks_for_an_identity_nobody_uses():
    bot = tokens.identity()
    runs.schedule(of=bot.tenant)
    runs.schedule(managed_identity_id=bot.id)
    runs.schedule(of=bot.tenant, managed_identity_id=bot.id, next_run_at=None, is_enabled=False, deleted_at=runs.NOON)
    assert named(bot) == {}


def test_its_own_schedules_and_those_that_borrow_it_for_a_node_are_told():
    bot = tokens.identity()
    runs.schedule(of=bot.tenant, name="own", managed_identity_id=bot.id)
    node = {**runs.SAY_HELLO, "managedIdentityId": str(bot.id).upper(), "secretReference": runs.REFERENCE}
    stranger = {**runs.SAY_HELLO, "id": "other", "managedIdentityId": str(uuid4())}
    borrowing = runs.workflow(of=bot.tenant, key="wf-borrow", nodes=[node, stranger])
    runs.schedule(running=borrowing, name="borrows", is_enabled=False, next_run_at=None)
    found = named(bot)
    assert set(found) == {"own", "borrows"}
    assert "2026-03-01 12:00 UTC" in found["own"]
    assert found["borrows"] == "Runs of wf-borrow stop at the node that uses it (paused)"
