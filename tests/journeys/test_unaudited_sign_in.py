"""What is not audited does not happen, of second factors and of accounts at a provider alike."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from audit.models import AuditEvent
from identities.people import proofs, provider_links, second_factor
from identities.people.actors import actor_of
from identities.people.sign_in import open_session
from tests.factories import factors, people as cast
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)


class World:
    """Somebody with an app, and who looks after them."""

    def __init__(self) -> None:
        self.admin = cast.person()
        self.person = cast.person(of=self.admin.tenant, email="ada@example.com")
        self.app = factors.App(second_factor.new_seed())
        self.codes: list[str] = []
        open_session(self.person)

    def add(self) -> None:
        actor = actor_of(self.person)
        with factors.one_moment():
            code = self.app.code(-1)
            self.codes = second_factor.add_app(self.person, seed=self.app.seed, code=code, actor=actor).codes

    def prove(self, code: str) -> None:
        """The same code both times: what was not audited has not used it up."""
        proofs.prove_code(self.person, code=code, source="test")

    def renew(self) -> None:
        second_factor.renew_recovery_codes(self.person, actor=actor_of(self.person))

    def add_key(self) -> None:
        second_factor.keep_passkey(self.person, name="Key", credential={"id": "x"}, actor=actor_of(self.person))

    def remove(self) -> None:
        keys = [one for one in second_factor.factors(self.person) if one.kind is second_factor.Kind.PASSKEY]
        second_factor.remove(self.person, factor_id=keys[0].id, actor=actor_of(self.person))

    def reset(self) -> None:
        second_factor.reset(self.person, actor=actor_of(self.admin), reason="Lost.")

    def link(self) -> None:
        provider_links.person_of(
            issuer="https://id.example.com", subject="ada", email=self.person.email, is_verified=True
        )

    def unlink(self) -> None:
        provider_links.unlink(self.person, actor=actor_of(self.person), reason="Left there.")


COMMANDS: dict[str, Callable[[World], Any]] = {
    "add an app": World.add,
    "prove a code": lambda w: w.prove(w.app.code()),
    "use a recovery code": lambda w: w.prove(w.codes[0]),
    "make new recovery codes": World.renew,
    "add a passkey": World.add_key,
    "remove it": World.remove,
    "reset all of it": World.reset,
    "come in through a provider": World.link,
    "forget the account there": World.unlink,
}


def test_nothing_of_signing_in_happens_that_the_audit_does_not_take() -> None:
    left_behind, without_record = [], []
    world = World()
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command(world)
        if state() != before:
            left_behind.append(name)
        records = AuditEvent.objects.count()
        command(world)
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
