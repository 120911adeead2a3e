"""One order of locks: commands that meet wait for each other, and what can come back passes them by."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from identities.access import services as access
from identities.credentials import services as credentials
from identities.detections import services as findings
from identities.errors import DomainError
from identities.inventory import locks, posture, usage
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import services as people
from tests.factories import register, tokens
from tests.scheduling.racing import race

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
#: Long enough for the other one to take what it takes first.
A_WHILE = 0.4


def meet(identity: ManagedIdentity, command: Callable[[], object]) -> list[str]:
    """Retire `identity`, begun just before `command` and ended after it began; how the two came out."""
    is_held = threading.Event()

    def retire() -> None:
        with transaction.atomic():
            locks.hold([identity.pk])
            is_held.set()
            time.sleep(A_WHILE)
            lifecycle.retire(identity, reason="Over", actor=register.SYSTEM)

    def meanwhile() -> None:
        is_held.wait()
        command()

    def told(number: int) -> str:
        try:
            (retire, meanwhile)[number]()
        except DomainError as refusal:
            return refusal.code
        return "done"

    return race(2, told)


def test_a_secret_that_is_revoked_while_its_identity_is_retired():
    bot = tokens.bot()
    secret = bot.identity.secrets.get()
    found = meet(bot.identity, lambda: credentials.revoke(secret, reason="Leaked", actor=register.SYSTEM))
    assert found == ["done", "already_revoked"]


def test_a_binding_that_is_ended_while_its_identity_is_retired():
    bot = tokens.bot(permissions=("workflow.execute",))
    binding = bot.identity.bindings.get()
    found = meet(bot.identity, lambda: access.end_binding(binding, actor=register.SYSTEM, reason="Enough"))
    assert found == ["done", "role_binding_ended"]


def test_uses_that_are_written_while_an_identity_is_retired():
    bot = tokens.bot()
    secret = bot.identity.secrets.get()
    usage.note_identity_use(bot.identity.pk)
    usage.note_use(type(secret), secret.pk)
    assert meet(bot.identity, usage.flush) == ["done", "done"]
    secret.refresh_from_db()
    assert secret.last_used_at is not None


def test_an_owner_who_leaves_while_identities_change_owners():
    here = register.tenant()
    register.person(here)
    owner = register.person(here)
    mine = [register.identity(here, technical_owner=owner) for _ in range(5)]

    def change(number: int) -> str:
        if number == 0:
            people.disable_user(owner, reason="Left", actor=register.SYSTEM)
        else:
            for identity in mine if number % 2 else reversed(mine):
                lifecycle.disable(identity, reason="Now", actor=register.SYSTEM) if number == 1 else posture.mark(
                    [identity.pk]
                )
        return "done"

    assert race(4, change) == ["done"] * 4


def while_held(identity: ManagedIdentity, work: Callable[[], object]) -> object:
    """What `work` answers while another connection has the identity in hand."""
    is_held, is_over = threading.Event(), threading.Event()

    def command() -> None:
        with transaction.atomic():
            locks.hold([identity.pk])
            is_held.set()
            is_over.wait(10)

    def at_once() -> object:
        try:
            is_held.wait(10)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            return work()
        finally:
            is_over.set()

    return race(2, lambda number: at_once() if number else command())[1]


def test_the_sweep_leaves_what_a_command_holds():
    here = register.tenant()
    held, free = register.identity(here), register.identity(here)
    assert while_held(held, lambda: posture.sweep(timezone.now() + timedelta(seconds=1))) == [free.pk]
    assert posture.sweep(timezone.now() + timedelta(seconds=1)) == [held.pk]


def test_findings_of_what_a_command_holds_are_left_to_the_caller():
    here = register.tenant()
    held, free = register.identity(here), register.identity(here)
    both: list[UUID] = [held.pk, free.pk]
    found = while_held(held, lambda: findings.evaluate(both, at=timezone.now()))
    assert isinstance(found, findings.Evaluated)
    assert found.left == [held.pk]
    assert free.findings.exists()
    assert not held.findings.exists()


def test_who_only_refers_to_a_row_does_not_wait_for_it():
    here = register.tenant()
    held = register.identity(here)
    role = register.role(here, "workflow.execute")
    bindings = type(tokens.bot(permissions=("workflow.execute",)).identity.bindings.get())

    def refer() -> object:
        until = timezone.now() + timedelta(days=1)
        return bindings.objects.create(identity=held, role=role, valid_until=until, reason="Needs it")

    assert while_held(held, refer) is not None
