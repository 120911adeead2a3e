"""What is not audited does not happen, of accounts, sessions and first tokens alike."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Unavailable
from identities.people import services as people, sign_in
from identities.people.models import RefreshToken, User
from identities.people.sign_in import RefreshFailed
from identities.service_users import issuing
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import passport, people as cast
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
AGENT, NEW = "new-agent@example.com", "Another-Horse-2"
PLACE = SecretReference("local", "local://default", "new-agent/tokens")


class World:
    """An administrator, and what the commands make."""

    def __init__(self) -> None:
        vaults.ensure_default()
        self.admin = cast.platform_admin()
        self.text = ""

    @property
    def agent(self) -> User:
        return User.objects.get(email=AGENT)

    def make(self) -> None:
        issuing.issue(
            tenant=self.admin.tenant, email=AGENT, password=cast.PASSWORD, role="ANALYST", owner=self.admin.email,
            actor=SYSTEM,
        )  # fmt: skip

    def store(self) -> None:
        """The vault is outside: what lies there opens nothing unless its record is there."""
        with contextlib.suppress(Unavailable):
            issuing.store_tokens(self.agent, store_at=PLACE, actor=SYSTEM)

    def enter(self) -> None:
        self.text = sign_in.open_session(self.agent, source="tests").refresh_token

    def fail(self) -> None:
        with contextlib.suppress(RefreshFailed):
            sign_in.refresh(self.text)


COMMANDS: dict[str, Callable[[World], Any]] = {
    "make a service user with an owner": World.make,
    "sign in": World.enter,
    "edit one's profile": lambda w: people.change_own_profile(w.agent, first_name="New", actor=SYSTEM),
    "force a reset": lambda w: people.force_reset(w.agent, reason="tests", actor=SYSTEM),
    "a refresh that fails": World.fail,
    "change one's password": lambda w: people.change_own_password(
        w.agent, current=cast.PASSWORD, new=NEW, actor=SYSTEM
    ),
    "sign in again": World.enter,
    "sign out": lambda w: people.sign_out(w.agent, refresh_token=w.text, actor=SYSTEM),
    "sign in once more": World.enter,
    "refuse a wrong current password": lambda w: _refused(w.agent),
    "sign out everywhere": lambda w: people.sign_out(w.agent, everywhere=True, actor=SYSTEM),
    "register": lambda w: people.register_user(email="ada@example.com", password=cast.PASSWORD),
}


def _refused(user: User) -> None:
    sign_in.record_refusal(user.email, reason="wrong_current_password", source="password_change")


def test_nothing_happens_to_an_account_that_the_audit_does_not_take(settings: Any) -> None:
    settings.STEWARD_ALLOW_REGISTER = True
    left_behind, without_record = [], []
    with passport.fresh():
        tokens.ensure_signing_key()
        world = World()
        for name, command in COMMANDS.items():
            before = state()
            with no_room_in_the_audit(), contextlib.suppress(Exception):
                command(world)
            if differing := [table for table, rows in state().items() if rows != before[table]]:
                left_behind.append((name, differing))
            records = AuditEvent.objects.count()
            command(world)
            if AuditEvent.objects.count() == records:
                without_record.append(name)
    assert not left_behind
    assert not without_record


def test_tokens_that_cannot_be_recorded_reach_no_vault() -> None:
    with passport.fresh():
        tokens.ensure_signing_key()
        world = World()
        world.make()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            world.store()
        assert not RefreshToken.objects.exists()
        world.store()
        assert RefreshToken.objects.open().count() == 1
