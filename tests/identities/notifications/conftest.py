"""A tenant, its channel at a receiver of our own, and events as the sealer leaves them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from audit import sealing, services as audit
from audit.actors import Actor, Subject
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.notifications import channels, reading, subscriptions
from identities.notifications.models import Channel, Subscription
from identities.people.models import Tenant, User
from tests.factories import people
from tests.factories.receivers import Receiver, receiving

SYSTEM = Actor.system("tests")


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as found:
        yield found


@pytest.fixture
def admin() -> User:
    return people.person()


@pytest.fixture
def tenant(admin: User) -> Tenant:
    return admin.tenant


@pytest.fixture
def webhook(tenant: Tenant, receiver: Receiver) -> Channel:
    made, _ = channels.create(
        tenant_id=tenant.pk, name="hook", kind="webhook", settings={"url": receiver.url}, actor=SYSTEM
    )
    return made


@pytest.fixture
def began(db: None) -> None:
    """The reader has begun: what is recorded from here on is new to it."""
    reading.read_on(timezone.now())


Happen = Callable[..., AuditEvent]


@pytest.fixture
def happen() -> Happen:
    """Record an event and seal it."""

    def _happen(event: str, about: ManagedIdentity | Subject, **more: Any) -> AuditEvent:
        subject = about if isinstance(about, Subject) else subject_of(about)
        with transaction.atomic():
            row = audit.record(event, actor=more.pop("actor", SYSTEM), subject=subject, **more)
        sealing.seal_all()
        return row

    return _happen


Subscribe = Callable[..., Subscription]


@pytest.fixture
def subscribe(admin: User) -> Subscribe:
    def _subscribe(*types: str, by: User | None = None, **facts: Any) -> Subscription:
        asker = by or admin
        facts = {"name": "watch", "audience": "admins", **facts}
        return subscriptions.create(
            tenant_id=facts.pop("tenant_id", asker.tenant_id), by=asker, actor=SYSTEM, types=list(types), **facts
        )

    return _subscribe


def read() -> int:
    return reading.read_on(timezone.now())
