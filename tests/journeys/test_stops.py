"""A stop, whichever it is, is felt everywhere within five seconds, each time; and its end brings no old token back."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.lifecycle import pausing, releases, services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.people.models import User
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from scheduling.models import RunState
from tests.factories import passport, people, tokens as made
from tests.journeys.test_token_request import PROMISED_SECONDS, ask, call_api, is_active
from tests.scheduling.runner.world import ADMIN, World, reference

pytestmark = pytest.mark.django_db(transaction=True)
WHY: dict[str, Any] = {"reason": "tests", "actor": ADMIN}


@pytest.fixture
def world(live_server, settings) -> Iterator[World]:
    settings.PASSPORT_URL = live_server.url
    with passport.fresh():
        vaults.ensure_default()
        yield World()


@pytest.fixture
def bot(world: World) -> made.Bot:
    """One whose secret is known here, and rests in the vault for its schedule as well."""
    bot = made.bot(of=world.tenant, permissions=("identity.read", "workflow.execute"))
    place = SecretReference.from_json(reference("known"))
    vaults.write_secret(place, bot.secret, tenant_id=world.tenant.pk, environment="production", actor=ADMIN)
    return bot


def release(identity: ManagedIdentity, who: User) -> None:
    row = Quarantine.objects.get(identity=identity, closed_at=None)
    releases.release(row, reason="tests", actor=actor_of(who))


STOPS: list[tuple[Callable[..., Any], Callable[[ManagedIdentity, User], Any]]] = [
    (lifecycle.disable, lambda identity, _: lifecycle.enable(identity, **WHY)),
    (quarantine, release),
    (pausing.pause, lambda identity, _: pausing.resume(identity, **WHY)),
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("rounds", [3, pytest.param(100, marks=pytest.mark.long)])
def test_each_stop_is_refused_everywhere_each_time_also_with_an_empty_cache(world, live_server, bot, rounds: int):
    base, identity = live_server.url, bot.identity
    inspector = made.bot(of=world.tenant, permissions=("token.introspect",))
    who = people.person(of=world.tenant, created_at=timezone.now() - timedelta(days=1))
    schedule = world.schedule(managed_identity_id=identity.pk, secret_reference=reference("known"))
    slowest, old = 0.0, []
    for number in range(rounds):
        stop, undo = STOPS[number % len(STOPS)]
        token = ask(base, bot).members["access_token"]
        assert call_api(base, token).status == 200
        assert is_active(base, inspector, token)
        began = time.monotonic()
        stop(identity, **WHY)
        cache.clear()
        assert ask(base, bot).status in {401, 429}
        assert not is_active(base, inspector, token)
        assert call_api(base, token).status == 401
        run = world.fire(schedule)
        assert (run.state, run.code, run.status) == (RunState.REFUSED, "identity_disabled", 403)
        slowest = max(slowest, time.monotonic() - began)
        undo(identity, who)
        old.append(token)
        assert call_api(base, token).status == 401
        if number < len(STOPS):
            assert world.fire(schedule).state == RunState.SUCCEEDED
    assert slowest <= PROMISED_SECONDS
    assert not any(is_active(base, inspector, token) for token in old[-3:])
