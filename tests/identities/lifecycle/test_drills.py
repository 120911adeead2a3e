"""A drill is the very same stop, and ends by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.credentials.authentication import authenticate
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import drills, runbook_lines
from identities.lifecycle.models import Cause
from identities.lifecycle.quarantines import quarantine
from identities.tokens import services as tokens
from tests.factories import passport, tokens as made

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


def later(minutes: int):
    return timezone.now() + timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", [0, -1, drills.MOST_MINUTES + 1])
def test_a_span_that_is_none_is_refused(minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        drills.rehearse(made.identity(), actor=SYSTEM, minutes=minutes)
    assert set(refused.value.errors) == {"minutes"}


def test_of_high_tier_in_production_it_is_asked_twice() -> None:
    identity = made.identity(risk_tier="high")
    with pytest.raises(Invalid) as refused:
        drills.rehearse(identity, actor=SYSTEM)
    assert refused.value.code == "confirm_drill"
    assert drills.rehearse(identity, actor=SYSTEM, is_confirmed=True).is_drill


def test_it_stops_in_earnest_and_ends_by_itself() -> None:
    bot = made.bot()
    with passport.fresh():
        tokens.mint(bot.identity, scope="", at=timezone.now())
        row = drills.rehearse(bot.identity, actor=SYSTEM, minutes=5)
        assert (row.cause, authenticate(bot.client_id, bot.secret)) == (Cause.DRILL, None)
        assert drills.end_due(later(4)) == 0
        assert drills.end_due(later(6)) == 1
        assert authenticate(bot.client_id, bot.secret) is not None
    row.refresh_from_db()
    assert (row.release_at, row.released_by) == (None, "drills")
    assert drills.end_due(later(6)) == 0


def test_it_records_the_time_it_took_and_that_revocation_was_tested() -> None:
    identity = made.identity()
    drills.rehearse(identity, actor=SYSTEM)
    identity.refresh_from_db()
    assert identity.revocation_seconds is not None
    assert identity.revocation_tested_at is not None


def test_of_an_external_one_it_is_passed_with_the_last_line_and_not_before() -> None:
    identity = made.identity(issuance="external", revocation_procedure="Call them")
    row = drills.rehearse(identity, actor=SYSTEM)
    identity.refresh_from_db()
    assert identity.revocation_tested_at is None
    runbook_lines.done(row.lines.get(), actor=SYSTEM)
    identity.refresh_from_db()
    assert identity.revocation_tested_at is not None


def test_an_external_one_whose_drill_ran_out_was_not_tested() -> None:
    identity = made.identity(issuance="external", revocation_procedure="Call them")
    row = drills.rehearse(identity, actor=SYSTEM)
    drills.end_due(later(20))
    with pytest.raises(Conflict):
        runbook_lines.done(row.lines.get(), actor=SYSTEM)
    identity.refresh_from_db()
    assert (identity.state, identity.revocation_tested_at) == ("active", None)


def test_one_that_cannot_end_holds_up_no_other() -> None:
    vendor = made.identity(ownership_class="vendor")
    drills.rehearse(vendor, actor=SYSTEM)
    other = made.identity()
    drills.rehearse(other, actor=SYSTEM)
    assert drills.end_due(later(20)) == 1
    assert ManagedIdentity.objects.get(pk=other.pk).state == "active"


def test_an_incident_never_ends_by_itself() -> None:
    quarantine(made.identity(), reason="incident", actor=SYSTEM)
    assert drills.due(later(100_000)) == []
