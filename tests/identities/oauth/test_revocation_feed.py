"""The list of stops, read as docs/passport.md tells a verifier to read it: it names every stop, and the end of one."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.lifecycle import pausing, releases, services as lifecycle
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.tokens import services as tokens
from tests.factories import passport, people, tokens as made

pytestmark = pytest.mark.django_db
WHY: dict[str, Any] = {"reason": "tests", "actor": made.SYSTEM}
DOCS = Path(__file__).parents[3] / "docs" / "passport.md"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with passport.fresh():
        yield


def documented() -> Any:
    """The function that the page gives to verifiers."""
    found = re.search(r"```python\n(def is_stopped.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found.group(1), names)
    return names["is_stopped"]


def claims_of(identity: ManagedIdentity) -> dict[str, Any]:
    minted = tokens.mint(identity, scope="roles", at=timezone.now())
    return jwt.decode(minted.access_token, options={"verify_signature": False})


def is_stopped(claims: dict[str, Any], query: str = "") -> bool:
    answer = Client().get(f"/passport/revocations{query}")
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    return bool(documented()(claims, answer.json()))


STOPS = {
    "paused": lambda it: pausing.pause(it, **WHY),
    "disabled": lambda it: lifecycle.disable(it, **WHY),
    "quarantined": lambda it: quarantine(it, **WHY),
    "retired": lambda it: lifecycle.retire(it, **WHY),
    "killed": lambda it: tokens.kill_tokens(it, actor=made.SYSTEM),
    "expired": lambda it: ManagedIdentity.objects.filter(pk=it.pk).update(expires_at=timezone.now()),
}


@pytest.mark.parametrize("name", STOPS)
def test_every_stop_is_named_also_to_who_asks_since_a_moment_before(name: str) -> None:
    identity, other = made.identity(), made.identity()
    claims, others = claims_of(identity), claims_of(other)
    since = (timezone.now() - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert not is_stopped(claims)
    STOPS[name](identity)
    assert is_stopped(claims)
    assert is_stopped(claims, f"?since={since}")
    assert not is_stopped(others)


def test_one_token_that_was_revoked_is_named_and_its_sister_is_not() -> None:
    identity = made.identity()
    one, sister = claims_of(identity), claims_of(identity)
    tokens.revoke(one["jti"], actor=made.SYSTEM)
    assert is_stopped(one)
    assert not is_stopped(sister)


def end_quarantine(identity: ManagedIdentity) -> None:
    who = people.person(of=identity.tenant)
    releases.release(identity.quarantines.get(), reason="over", actor=actor_of(who))


@pytest.mark.parametrize(
    ("stop", "undo"),
    [
        ("paused", lambda it: pausing.resume(it, **WHY)),
        ("disabled", lambda it: lifecycle.enable(it, **WHY)),
        ("quarantined", end_quarantine),
    ],
)
def test_after_the_end_of_a_stop_new_tokens_pass_and_old_ones_do_not(stop: str, undo: Any) -> None:
    identity = made.identity()
    old = claims_of(identity)
    STOPS[stop](identity)
    undo(identity)
    new = claims_of(ManagedIdentity.objects.get(pk=identity.pk))
    assert is_stopped(old)
    assert not is_stopped(new)
