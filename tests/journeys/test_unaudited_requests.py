"""What is not audited does not happen, of requests alike: asked, changed, decided, issued, collected."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.approvals import services as approvals
from identities.people.actors import actor_of
from identities.people.models import PortalRole, User
from identities.requests import services as requests
from identities.requests.models import IdentityRequest
from tests.factories import people
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
EVIDENCE = {"releaseTicket": "REL-1", "approver": "dana", "deploymentId": "d-1"}


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@example.com")


def row(name: str) -> IdentityRequest:
    return IdentityRequest.objects.select_related("approval", "identity").get(name=name)


def ask(name: str) -> object:
    given = {
        "bundle": "deploy-bot",
        "name": name,
        "environment": "staging",
        "purpose": "Deploys.",
        "expires_at": timezone.now() + timedelta(days=9),
        "technical_owner": person("owner").email,
        "evidence": EVIDENCE,
    }
    asker = person("asker")
    return requests.request(tenant=asker.tenant, given=given, actor=actor_of(asker))


def by(name: str) -> Actor:
    return actor_of(person(name))


COMMANDS: dict[str, Callable[[], object]] = {
    "ask": lambda: ask("first"),
    "change": lambda: requests.change(row("first"), given={"purpose": "Deploys more."}, actor=by("asker")),
    "cancel": lambda: requests.cancel(row("first"), reason="x", actor=by("asker")),
    "ask again": lambda: ask("second"),
    "reject": lambda: requests.reject(row("second"), reason="x", actor=by("owner")),
    "ask once more": lambda: ask("third"),
    "approve": lambda: approvals.approve(row("third").approval, actor=by("owner")),  # type: ignore[arg-type]
    "issue": lambda: requests.issue(row("third"), actor=Actor.system("tests")),
    "collect": lambda: requests.collect(row("third"), actor=by("asker")),
    "ask a last time": lambda: ask("fourth"),
    "expire": lambda: approvals.expire_due(timezone.now() + timedelta(days=30)),
}


def test_nothing_of_a_request_happens_that_the_audit_does_not_take() -> None:
    tenant = people.tenant("unaudited requests")
    long_ago = timezone.now() - timedelta(days=1)
    for name in ("asker", "owner"):
        email = f"{name}@example.com"
        people.person(of=tenant, email=email, role=PortalRole.ANALYST, first_name=name, created_at=long_ago)
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        if name == "issue":  # that it was tried is kept, so that nobody else tries at the same time
            IdentityRequest.objects.update(try_at=None)
        if differing := [table for table, rows in state().items() if rows != before[table]]:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
    assert row("third").state == "issued"
