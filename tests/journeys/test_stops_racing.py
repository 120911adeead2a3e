"""A quarantine in the same instant as a token, a rotation, a run, another quarantine: no deadlock, nothing slips by."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.credentials import services as credentials
from identities.credentials.authentication import authenticate
from identities.errors import Conflict, DomainError
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import releases
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.tokens import selectors as issued, services as tokens
from identities.tokens.models import IssuedToken
from scheduling import runner
from scheduling.models import RunState, Schedule, ScheduleRun
from scheduling.services import firing, schedules
from tests.factories import passport, people, runs, tokens as made
from tests.scheduling.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
SYSTEM = Actor.system("tests")
ROUNDS = 10


def stop(identity: ManagedIdentity) -> str:
    try:
        quarantine(identity, reason="incident", actor=SYSTEM)
    except Conflict as error:
        return error.code
    return "done"


def test_of_many_calls_at_once_one_is_carried_out():
    bot = made.bot()
    said = race(8, lambda _: stop(bot.identity))
    assert sorted(said) == ["already_quarantined"] * 7 + ["done"]
    assert Quarantine.objects.count() == 1


def test_no_token_slips_by_and_none_comes_back_after_the_release():
    with passport.fresh():
        tokens.ensure_signing_key()
        bot = made.bot()
        who = people.person(of=bot.identity.tenant, created_at=timezone.now() - timedelta(days=1))

        def work(number: int) -> None:
            if number == 0:
                stop(bot.identity)
                return
            for _ in range(10):
                proved = authenticate(bot.client_id, bot.secret)
                if proved is None:
                    return
                tokens.mint(proved.identity, scope="roles", at=proved.at)

        def live() -> list[IssuedToken]:
            at, of = timezone.now(), bot.identity.tenant_id
            rows = IssuedToken.objects.filter(identity=bot.identity)
            return [row for row in rows if issued.live_token(row.jti, of, int(row.issued_at.timestamp()), at)]

        for _ in range(ROUNDS):
            race(6, work)
            assert not live()
            releases.release(Quarantine.objects.get(closed_at=None), reason="over", actor=actor_of(who))
            assert not live()


def test_rotations_schedules_and_runs_of_it_end_in_order():
    for _ in range(ROUNDS):
        bot = made.bot()
        schedule = runs.schedule(of=bot.identity.tenant, managed_identity_id=bot.identity.pk)
        Schedule.objects.filter(pk=schedule.pk).update(next_run_at=timezone.now() - timedelta(seconds=1))
        run = runs.run(schedule)

        def work(number: int, bot=bot, schedule=schedule, run=run) -> str:
            try:
                if number == 0:
                    return stop(bot.identity)
                if number == 1:
                    credentials.issue(bot.identity, actor=SYSTEM)
                elif number == 2:
                    credentials.revoke(bot.identity.secrets.order_by("created_at")[0], reason="lost", actor=SYSTEM)
                elif number == 3:
                    firing.claim_due(timezone.now())
                elif number == 4:
                    schedules.pause(schedule, actor=SYSTEM, reason="by hand")
                else:
                    runner.execute(run.pk, worker="w1")
            except DomainError as error:
                return error.code
            return "done"

        said = race(6, work)
        assert said[0] == "done"
        schedule.refresh_from_db()
        assert not schedule.is_enabled
        for waiting in ScheduleRun.objects.filter(schedule=schedule, state=RunState.DUE):
            runner.execute(waiting.pk, worker="w2")
        assert not ScheduleRun.objects.filter(schedule=schedule, state=RunState.SUCCEEDED).exists()
