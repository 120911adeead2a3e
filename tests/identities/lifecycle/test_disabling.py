"""Many disabled at once: nothing of them works, as when one is disabled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.lifecycle.disabling import disable_held
from tests.factories import register

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


def test_it_is_what_disabling_one_is():
    tenant = register.tenant()
    alone, among = register.identity(tenant), register.identity(tenant)
    lifecycle.disable(alone, reason="over", actor=SYSTEM)
    disable_held([ManagedIdentity.objects.get(pk=among.pk)], reason="over", actor=SYSTEM)
    said = [
        [(event.type, event.reason) for event in AuditEvent.objects.filter(subject_id=str(one.pk)).order_by("id")]
        for one in (alone, among)
    ]
    assert said[0] == said[1]
    among.refresh_from_db()
    assert among.state == State.DISABLED
    assert among.tokens_revoked_at is not None


def test_tokens_dead_before_stay_dead_from_the_later_instant():
    bot, later = register.identity(register.tenant()), timezone.now() + timedelta(hours=1)
    bot.tokens_revoked_at = later
    bot.save(update_fields=["tokens_revoked_at"])
    disable_held([bot], reason="over", actor=SYSTEM)
    bot.refresh_from_db()
    assert bot.tokens_revoked_at == later
