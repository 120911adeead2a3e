"""What is not audited does not happen, of public keys, what lives elsewhere, and tokens got by a signature alike."""

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client

from audit.models import AuditEvent
from identities.credentials import elsewhere, keys
from identities.credentials.models import ClientKey, ExternalCredential
from identities.tokens import services as tokens
from tests.factories import client_keys, passport, tokens as made
from tests.factories.client_keys import TYPE, Signing
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = made.SYSTEM


class World:
    """An identity that signs, and the private half that only it has."""

    def __init__(self) -> None:
        tokens.ensure_signing_key()
        self.bot = made.identity()
        self.private = client_keys.private("ES256")
        self.text = ""

    def add(self) -> None:
        keys.add_key(self.bot, public_key=client_keys.jwk_of(self.private), actor=SYSTEM)
        self.text = Signing(self.bot, ClientKey.objects.get(), self.private).assertion()

    def token(self) -> None:
        """The same statement both times: what was not audited has not used it up."""
        form = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": self.text}
        client = Client(raise_request_exception=False)
        answer = client.post("/passport/token", urlencode(form), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200, answer.content


def _one() -> ExternalCredential:
    return ExternalCredential.objects.get()


COMMANDS: dict[str, Callable[[World], Any]] = {
    "add a key": World.add,
    "get a token by a signature": World.token,
    "replace the key": lambda w: keys.add_key(
        w.bot, public_key=client_keys.jwk_of(client_keys.private("ES256")), actor=SYSTEM
    ),
    "revoke a key": lambda w: keys.revoke_key(
        ClientKey.objects.filter(revoked_at=None).earliest("created_at"), reason="old", actor=SYSTEM
    ),
    "enter one elsewhere": lambda w: elsewhere.describe(
        w.bot, facts={"kind": "api_token", "name": "billing"}, actor=SYSTEM
    ),
    "correct it": lambda w: elsewhere.change(_one(), facts={"name": "billing token"}, actor=SYSTEM),
    "note that it is gone": lambda w: elsewhere.mark_gone(_one(), reason="removed", actor=SYSTEM),
    "change the kind of signing key": lambda w: tokens.follow_setting(actor=SYSTEM),
}


def test_nothing_of_keys_happens_that_the_audit_does_not_take(settings: LazySettings) -> None:
    left_behind, without_record = [], []
    with passport.fresh():
        world = World()
        settings.PASSPORT_SIGNING_ALG = "ES256"
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
