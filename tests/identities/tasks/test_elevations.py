"""The round of ten seconds: it tidies up what has ended by its dates, and does nothing twice."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from identities.elevations.models import BreakGlassGrant
from identities.inventory.models import ManagedIdentity, PolicyException
from identities.tasks import elevations
from tests.factories import tokens

pytestmark = pytest.mark.django_db


def test_what_was_never_used_lapses_and_an_ended_exception_is_looked_at_again() -> None:
    bot, at = tokens.identity(), timezone.now()
    role = tokens.grant(bot, "run.read")
    grant = BreakGlassGrant.objects.create(
        tenant=bot.tenant, identity=bot, role=role, minutes=5, valid_until=at + timedelta(hours=1), state="armed"
    )
    PolicyException.objects.create(identity=bot, kind="shared_identity", reason="x", expires_at=at + timedelta(hours=1))
    ManagedIdentity.objects.filter(pk=bot.pk).update(assessed_at=at, reassess_at=None)
    elevations.tend_elevations()
    grant.refresh_from_db()
    assert grant.state == "armed"
    with time_machine.travel(at + timedelta(hours=2), tick=False):
        elevations.tend_elevations()
        elevations.tend_elevations()
    grant.refresh_from_db()
    bot.refresh_from_db()
    assert grant.state == "expired"
    assert bot.reassess_at is not None
