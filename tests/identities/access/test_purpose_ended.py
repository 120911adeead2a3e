"""Roles end with the purpose they were given for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.access import services as access
from identities.access.models import RoleBinding
from identities.access.purpose_ended import REASON
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from tests.factories import people as cast, register

pytestmark = pytest.mark.django_db


def holder(**facts):
    bot = register.identity(cast.tenant(), name="harbour-bot", **facts)
    role = register.role(bot.tenant, "run.read")
    until = timezone.now() + timedelta(days=1)
    return bot, access.grant(bot, role, valid_until=until, reason="its work", actor=cast.SYSTEM)


def test_other_facts_end_nothing():
    bot, held = holder(purpose="Files invoices")
    inventory.change(bot, facts={"description": "new", "environment": "staging"}, actor=cast.SYSTEM)
    held.refresh_from_db()
    assert held.ended_at is None


def test_a_purpose_that_is_filled_in_ends_nothing():
    bot, held = holder(purpose="Files invoices")
    ManagedIdentity.objects.filter(pk=bot.pk).update(purpose="")
    inventory.change(bot, facts={"purpose": "Files invoices"}, actor=cast.SYSTEM)
    held.refresh_from_db()
    assert held.ended_at is None


def test_another_purpose_ends_every_role_with_its_reason():
    bot, held = holder(purpose="Files invoices")
    inventory.change(bot, facts={"purpose": "Pays invoices"}, actor=cast.SYSTEM)
    held.refresh_from_db()
    assert held.ended_at is not None
    assert held.ended_reason == REASON
    assert AuditEvent.objects.get(type="role_binding.ended").reason == REASON
    assert not RoleBinding.objects.standing(timezone.now()).filter(identity=bot).exists()
