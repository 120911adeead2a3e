"""What is not audited does not happen, of succession alike: opened, declined, passed on, taken over, handed on."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.people import services as directory
from identities.people.actors import actor_of
from identities.people.models import User
from identities.succession import cases, transfers
from identities.succession.models import CaseState, OwnershipTransfer, SuccessionCase, TransferState
from tests.factories import people, tokens
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
LATER = timedelta(days=40)


def identity(name: str) -> ManagedIdentity:
    return ManagedIdentity.objects.get(name=name)


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@example.com")


def case(name: str) -> SuccessionCase:
    return SuccessionCase.objects.get(identity__name=name, state=CaseState.OPEN)


def asked() -> OwnershipTransfer:
    return OwnershipTransfer.objects.get(state=TransferState.ASKED)


def ask() -> object:
    return transfers.ask(identity("first"), receiver=person("heir"), reason="x", actor=SYSTEM)


COMMANDS: dict[str, Callable[[], object]] = {
    "name a manager": lambda: directory.set_manager(person("deputy"), manager=person("chief"), actor=SYSTEM),
    "open cases": lambda: cases.tend(timezone.now()),
    "decline": lambda: cases.decline(case("first"), actor=actor_of(person("deputy")), reason="x"),
    "pass on by the clock": lambda: cases.tend(case("second").due_at or timezone.now()),
    "take over": lambda: cases.take_over(case("first"), actor=actor_of(person("chief"))),
    "fall to security": lambda: cases.tend(timezone.now() + LATER),
    "ask a receiver": ask,
    "withdraw": lambda: transfers.withdraw(asked(), actor=SYSTEM, reason="x"),
    "ask again": ask,
    "decline the transfer": lambda: transfers.decline(asked(), actor=actor_of(person("heir")), reason="x"),
    "ask once more": ask,
    "accept": lambda: transfers.accept(asked(), actor=actor_of(person("heir"))),
    "ask for the last time": lambda: transfers.ask(
        identity("first"), receiver=person("chief"), reason="x", actor=SYSTEM
    ),
    "end unanswered": lambda: transfers.expire_due(timezone.now() + LATER),
}


def test_nothing_of_a_succession_happens_that_the_audit_does_not_take() -> None:
    tenant = people.tenant("unaudited succession")
    names = ("owner", "deputy", "chief", "heir")
    made = {name: people.person(of=tenant, email=f"{name}@example.com") for name in names}
    for name in ("first", "second"):
        bot = tokens.identity(of=tenant, name=name, technical_owner=made["owner"], deputy_owner=made["deputy"])
        tokens.grant(bot, "run.read")
    User.objects.filter(pk=made["owner"].pk).update(is_active=False)
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        if differing := [table for table, rows in state().items() if rows != before[table]]:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
