"""The command changes the signing key through its service, and says in one line or in JSON what became of it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from identities.tokens import services as tokens
from identities.tokens.models import SigningKey
from tests.factories import passport

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first_key():
    with passport.fresh():
        tokens.ensure_signing_key()
        yield SigningKey.objects.get()


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_signing_key", *arguments, stdout=out)
    return out.getvalue()


def test_a_key_is_not_revoked_without_a_reason(first_key):
    with pytest.raises(CommandError, match="--reason") as refused:
        said("--revoke", first_key.kid)
    assert refused.value.returncode == 2
    first_key.refresh_from_db()
    assert first_key.revoked_at is None


def test_an_unknown_key_is_one_clear_line(first_key):
    with pytest.raises(CommandError) as refused:
        said("--revoke", "nobody-made-this", "--reason", "It leaked")
    assert "\n" not in str(refused.value)
    assert SigningKey.objects.get() == first_key


def test_a_new_key_is_announced_and_recorded(first_key):
    shown = json.loads(said("--json"))
    assert shown["kid"] != first_key.kid
    assert shown["revokedAt"] is None
    assert SigningKey.objects.count() == 2
    assert AuditEvent.objects.filter(type="signing_key.rotated").count() == 1


def test_a_leaked_key_is_taken_out_and_nothing_private_is_shown(first_key):
    text = said("--revoke", first_key.kid, "--reason", "Found in a ticket")
    first_key.refresh_from_db()
    assert first_key.revoked_at is not None
    assert first_key.kid in text
    assert "PRIVATE" not in text
    assert AuditEvent.objects.get(type="signing_key.revoked").reason == "Found in a ticket"
