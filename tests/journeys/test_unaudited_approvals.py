"""What is not audited does not happen, of approvals alike: asked, voted on, withdrawn, dropped, expired."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.approvals import selectors, services as approvals
from identities.approvals.models import ApprovalRequest
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import User
from tests.factories import approvals as made, people, register
from tests.factories.approvals import KIND, SYSTEM, asked
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)


def identity() -> ManagedIdentity:
    return ManagedIdentity.objects.get(name="asked about")


def person(number: int) -> User:
    return User.objects.get(email=f"number-{number}@example.com")


def waiting() -> ApprovalRequest:
    found = selectors.pending_of(KIND, identity().pk)
    assert found is not None
    return found


COMMANDS: dict[str, Callable[[], object]] = {
    "ask": lambda: asked(identity(), person(0)),
    "ask again": lambda: asked(identity(), person(0), ticket="OPS-1"),
    "approve": lambda: approvals.approve(waiting(), reason="x", actor=actor_of(person(1))),
    "approve at last": lambda: approvals.approve(waiting(), reason="x", actor=actor_of(person(2))),
    "of low tier": lambda: asked(identity(), person(0), tier="low"),
    "ask to be rejected": lambda: asked(identity(), person(0)),
    "reject": lambda: approvals.reject(waiting(), reason="x", actor=actor_of(person(1))),
    "ask to be withdrawn": lambda: asked(identity(), person(0)),
    "withdraw": lambda: approvals.withdraw(waiting(), reason="x", actor=actor_of(person(0))),
    "ask to be dropped": lambda: asked(identity(), person(0)),
    "drop": lambda: approvals.drop(KIND, identity().pk, reason="x", actor=SYSTEM),
    "ask to expire": lambda: asked(identity(), person(0)),
    "expire": lambda: approvals.expire_due(timezone.now() + timedelta(days=20)),
}


def test_nothing_of_an_approval_happens_that_the_audit_does_not_take() -> None:
    tenant = people.tenant("unaudited approvals")
    for number in range(3):
        long_ago = timezone.now() - timedelta(days=1)
        people.person(of=tenant, email=f"number-{number}@example.com", created_at=long_ago)
    register.identity(tenant, name="asked about", technical_owner=str(person(2).pk))
    made.seen()
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
    assert not ApprovalRequest.objects.filter(state="pending").exists()
