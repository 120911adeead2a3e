"""What is not audited does not happen, of elevations, break-glass and exceptions alike."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import Role
from identities.approvals import services as approvals
from identities.elevations import aftermath, break_glass, replacing, services as elevations
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory import exceptions
from identities.inventory.models import ManagedIdentity, PolicyException
from identities.people.actors import actor_of
from identities.people.models import User
from tests.factories import people, tokens
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)


def bot() -> ManagedIdentity:
    return ManagedIdentity.objects.get(name="elevated")


def actor(name: str) -> Actor:
    return actor_of(User.objects.get(email=f"{name}@example.com"))


def asked() -> Elevation:
    return Elevation.objects.order_by("-requested_at")[0]


def grant() -> BreakGlassGrant:
    return BreakGlassGrant.objects.order_by("-requested_at")[0]


def ask() -> object:
    role = Role.objects.get(name="writes")
    facts = {"minutes": 5, "justification": "x", "owner": "asker@example.com"}
    return elevations.ask(bot(), role, actor=actor("asker"), **facts)  # type: ignore[arg-type]


def arm() -> object:
    facts = {"minutes": 5, "valid_until": timezone.now() + DAY, "justification": "x", "owner": "asker@example.com"}
    return break_glass.arm(bot(), Role.objects.get(name="reads"), actor=actor("asker"), **facts)  # type: ignore[arg-type]


def approve(row: Elevation | BreakGlassGrant, by: str) -> object:
    assert row.approval is not None
    return approvals.approve(row.approval, reason="x", actor=actor(by))


def except_(**facts: object) -> dict[str, object]:
    return {"reason": "x", "expires_at": timezone.now() + DAY, "actor": SYSTEM, **facts}


COMMANDS: dict[str, Callable[[], object]] = {
    "ask": ask,
    "cancel": lambda: elevations.cancel(asked(), reason="x", actor=actor("asker")),
    "ask again": ask,
    "approve": lambda: approve(asked(), "admin"),
    "give": lambda: approve(asked(), "owner"),
    "end": lambda: elevations.end(asked(), reason="x", actor=SYSTEM),
    "arm": arm,
    "approve it": lambda: approve(grant(), "admin"),
    "make ready": lambda: approve(grant(), "owner"),
    "use": lambda: break_glass.use(grant(), reason="x", actor=actor("asker")),
    "its end": lambda: aftermath.end_use(grant(), reason="x", actor=SYSTEM),
    "its rotation": lambda: replacing.replace_due(timezone.now()),
    "by hand": lambda: aftermath.rotated_by_hand(grant(), note="x", actor=actor("admin")),
    "late": lambda: aftermath.tend(timezone.now() + 2 * DAY),
    "review": lambda: aftermath.review(grant(), text="x", actor=actor("admin")),
    "arm again": arm,
    "take back": lambda: break_glass.cancel(grant(), reason="x", actor=actor("asker")),
    "except": lambda: exceptions.grant(bot(), kind="rotation_beyond_maximum", **except_()),  # type: ignore[arg-type]
    "renew": lambda: exceptions.renew(PolicyException.objects.get(), **except_()),  # type: ignore[arg-type]
    "end it": lambda: exceptions.end(PolicyException.objects.get(ended_at=None), reason="x", actor=SYSTEM),
}
#: What takes up a task before it speaks to a vault says so in the row alone.
TAKES_UP = {"its rotation"}


def test_nothing_of_it_happens_that_the_audit_does_not_take() -> None:
    tenant = people.tenant("unaudited elevations")
    long_ago = timezone.now() - DAY
    made = {name: people.person(of=tenant, email=f"{name}@example.com", created_at=long_ago) for name in NAMES}
    it = tokens.bot(of=tenant, name="elevated", risk_tier="high", technical_owner=made["owner"]).identity
    for name, permission in (("reads", "run.read"), ("writes", "schedule.write")):
        Role.objects.create(tenant=it.tenant, name=name, permissions=[permission])
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        differing = [table for table, rows in state().items() if rows != before[table]]
        if differing and name not in TAKES_UP:
            left_behind.append((name, differing))
        BreakGlassGrant.objects.filter(rotation__state="under_way").update(rotation={"state": "due"})
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record


NAMES = ("asker", "owner", "admin")
