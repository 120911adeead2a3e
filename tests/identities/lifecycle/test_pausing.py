"""A pause is planned and has an end; it says who came in the meantime."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials.authentication import authenticate
from identities.errors import Conflict, Invalid
from identities.inventory import knocks
from identities.inventory.models import Knock, ManagedIdentity
from identities.lifecycle import pausing, services as lifecycle
from identities.lifecycle.pausing import pause, resume
from identities.people.models import Notice
from identities.tokens import selectors as issued, services as tokens
from tests.factories import passport, register, runs, tokens as made
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


def hence(**span: int):
    return timezone.now() + timedelta(**span)


@pytest.fixture
def bot() -> Bot:
    return made.bot()


def paused(bot: Bot, **facts) -> ManagedIdentity:
    return pause(bot.identity, **({"reason": "test", "actor": SYSTEM, "until": hence(hours=1)} | facts))


@pytest.mark.parametrize("span", [{"minutes": -1}, {"days": 91}])
def test_an_end_in_the_past_or_too_far_off_is_refused(bot: Bot, span) -> None:
    with pytest.raises(Invalid) as refused:
        paused(bot, until=hence(**span))
    assert set(refused.value.errors) == {"until"}


def test_without_a_reason_nothing_is_paused(bot: Bot) -> None:
    with pytest.raises(Invalid):
        paused(bot, reason="")


def test_only_what_is_paused_is_resumed(bot: Bot) -> None:
    with pytest.raises(Conflict):
        resume(bot.identity, reason="x", actor=SYSTEM)
    paused(bot)
    with pytest.raises(Conflict) as refused:
        lifecycle.enable(bot.identity, reason="x", actor=SYSTEM)
    assert "resume it first" in refused.value.message


def test_while_it_lasts_nothing_opens_and_its_tokens_stay_dead_after_it(bot: Bot) -> None:
    with passport.fresh():
        at = timezone.now()
        token = tokens.mint(bot.identity, scope="", at=at)
        paused(bot)
        assert authenticate(bot.client_id, bot.secret) is None
        resume(bot.identity, reason="x", actor=SYSTEM)
        assert authenticate(bot.client_id, bot.secret) is not None
        assert issued.live_token(token.jti, bot.identity.tenant_id, int(at.timestamp()), timezone.now()) is None


def test_it_resumes_by_itself_at_its_end_and_not_before(bot: Bot) -> None:
    paused(bot)
    assert pausing.lift_due(hence(minutes=59)) == 0
    assert pausing.lift_due(hence(minutes=61)) == 1
    bot.identity.refresh_from_db()
    assert (bot.identity.state, bot.identity.paused_until) == ("active", None)
    last = AuditEvent.objects.filter(type="identity.resumed").get()
    assert (last.actor_label, last.reason) == ("pauses", pausing.OVER)


def test_one_without_an_end_waits_for_somebody(bot: Bot) -> None:
    paused(bot, until=None)
    assert pausing.due(hence(days=1000)) == []
    resume(bot.identity, reason="x", actor=SYSTEM)


def test_one_that_was_resumed_since_it_was_listed_is_left_alone(bot: Bot) -> None:
    paused(bot)
    resume(bot.identity, reason="x", actor=SYSTEM)
    assert pausing._lift(bot.identity.pk, hence(hours=2)) is False


def test_one_that_cannot_resume_holds_up_no_other(bot: Bot) -> None:
    vendor = made.identity(ownership_class="vendor")
    pause(vendor, reason="test", until=hence(minutes=30), actor=SYSTEM)
    paused(bot)
    owner = register.person(vendor.tenant)
    assert pausing.lift_due(hence(hours=2)) == 1
    assert pausing.lift_due(hence(hours=2)) == 0
    assert Notice.objects.get(person=owner).kind == "not_resumed"


def test_its_schedules_stay_in_the_calendar(bot: Bot) -> None:
    schedule = runs.schedule(of=bot.identity.tenant, managed_identity_id=bot.identity.pk)
    paused(bot)
    schedule.refresh_from_db()
    assert schedule.is_enabled


def test_who_knocked_is_kept_with_the_pause(bot: Bot) -> None:
    paused(bot)
    bot.identity.refresh_from_db()
    knocks.note(bot.identity.pk, state="paused", address="192.0.2.7", user_agent="curl/8")
    knocks.flush()
    knock = Knock.objects.get()
    assert (knock.since, knock.address, knock.times) == (bot.identity.state_changed_at, "192.0.2.7", 1)
