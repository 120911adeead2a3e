"""What is not audited does not happen, of the way out of service users alike."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.service_users import ending, enrolling, following, replacing
from identities.service_users.models import Replacement
from identities.vaults.references import SecretReference
from tests.factories import people
from tests.factories.replacements import did
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)
AT = SecretReference("local", "local://default", "reports")


def begin(**choices: object) -> object:
    agent = User.objects.get(email="reports-agent@example.com")
    return replacing.begin(agent, actor=SYSTEM, reason="x", **choices)  # type: ignore[arg-type]


def last() -> Replacement:
    return Replacement.objects.order_by("-begun_at")[0]


def take_over() -> None:
    """Nobody's command: the client uses the identity a day later."""
    ManagedIdentity.objects.filter(pk=last().identity_id).update(last_used_at=timezone.now() + 2 * DAY)


COMMANDS: dict[str, Callable[[], object]] = {
    "begin": begin,
    "take back": lambda: ending.cancel(last(), reason="x", actor=SYSTEM),
    "begin into a vault": lambda: begin(name="second", store_secret_at=AT),
    "tell that it is late": lambda: following.follow(timezone.now() + 40 * DAY),
    "follow": lambda: following.follow(timezone.now() + 3 * DAY),
}
#: The vault is spoken to before anything is made: what lies there then opens nothing.
SPEAKS_FIRST = {"begin into a vault": {"LocalSecret"}}


def test_nothing_of_it_happens_that_the_audit_does_not_take() -> None:
    agent = people.person(of=people.tenant(), email="reports-agent@example.com", is_agent=True, role="ANALYST")
    with transaction.atomic():
        enrolling.enter(agent, owner=people.person(of=agent.tenant), actor=SYSTEM)
    did(agent, "identity.read")
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        if name == "follow":
            take_over()
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        differing = {table for table, rows in state().items() if rows != before[table]} - SPEAKS_FIRST.get(name, set())
        if differing:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
    assert not User.objects.get(pk=agent.pk).is_active
