"""What is not audited does not happen, of showings, dates, exceptions, reminders and notices alike."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials import custody, reminders
from identities.credentials.models import ClientSecret
from identities.credentials.renewal import renew
from identities.inventory import exceptions
from identities.inventory.models import ManagedIdentity, PolicyException
from identities.lifecycle import leavers, leavers_rotation, secrets
from identities.people import mailing, notices
from identities.people.actors import actor_of
from identities.people.models import User
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import register
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)


class World:
    """An identity whose vault secret is over, and which was then given one that a person saw."""

    def __init__(self) -> None:
        vaults.ensure_default()
        tenant = register.tenant()
        self.admin: User = register.person(tenant)
        self.bot: ManagedIdentity = register.identity(tenant, risk_tier="medium", technical_owner=self.admin)
        place = SecretReference("local", "local://default", "bots/one")
        stored = secrets.issue_secret(self.bot, actor=SYSTEM, store_at=place).secret
        ClientSecret.objects.filter(pk=stored.pk).update(revoked_at=timezone.now())
        self.secret: ClientSecret = secrets.issue_secret(self.bot, actor=actor_of(self.admin)).secret

    def grant(self) -> object:
        ends = timezone.now() + 300 * DAY
        return exceptions.grant(self.bot, kind="rotation_beyond_maximum", reason="slow", expires_at=ends, actor=SYSTEM)

    def ask(self) -> object:
        return leavers.ask_rotation(self.admin, tenant_ids=None, reason="left", actor=SYSTEM, by=self.admin)

    def mail(self) -> None:
        """A mail leaves with its record or not at all."""
        notices.unseen(self.admin).update(mail_at=timezone.now(), mail_tries=0)
        mailing.send_due(timezone.now(), inbox="https://x/")


COMMANDS: dict[str, Callable[[World], Any]] = {
    "show a secret": lambda w: custody.note_shown(w.secret, actor=Actor.system("somebody else")),
    "remind": lambda w: reminders.remind(w.secret.rotate_by - DAY),
    "grant an exception": World.grant,
    "renew": lambda w: renew(w.secret, until=w.secret.created_at + 200 * DAY, reason="later", actor=SYSTEM),
    "end the exception": lambda w: exceptions.end(PolicyException.objects.get(), reason="over", actor=SYSTEM),
    "ask for what a leaver saw": World.ask,
    "rotate what a leaver saw": lambda w: leavers_rotation.rotate_due(timezone.now() + 2 * leavers_rotation.HOLD),
    "see a notice": lambda w: notices.mark_seen(w.admin, actor=actor_of(w.admin), at=timezone.now()),
}
#: What a worker holds for a while is let go by itself, and no fact of anybody's.
HELD = {"rotate what a leaver saw": {"SecretShowing"}}


def test_nothing_of_custody_happens_that_the_audit_does_not_take() -> None:
    world, left_behind, without_record = World(), [], []
    for name, command in COMMANDS.items():
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command(world)
        differing = {table for table, rows in state().items() if rows != before[table]} - HELD.get(name, set())
        if differing:
            left_behind.append((name, sorted(differing)))
        records = AuditEvent.objects.count()
        command(world)
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record


def test_no_mail_leaves_without_a_record(settings: Any) -> None:
    settings.MAIL_IS_ON = True
    world = World()
    notices.tell([world.admin], tenant_id=world.bot.tenant_id, kind="test", key="k", subject="Look")
    with no_room_in_the_audit(), contextlib.suppress(Exception):
        world.mail()
    assert mail.outbox == []
    world.mail()
    assert len(mail.outbox) == 1
