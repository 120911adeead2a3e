"""Marks of use: gathered, written together, never backwards."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret
from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from tests.factories import register

pytestmark = pytest.mark.django_db


def test_a_use_is_written_at_the_flush_and_counted() -> None:
    made = register.identity(register.tenant())
    secret = credentials.issue(made, actor=register.SYSTEM).secret
    for _ in range(3):
        usage.note_use(ClientSecret, secret.pk)
    usage.note_identity_use(made.pk)
    assert ClientSecret.objects.get(pk=secret.pk).last_used_at is None
    usage.flush()
    assert ClientSecret.objects.get(pk=secret.pk).uses == 3
    assert ManagedIdentity.objects.get(pk=made.pk).last_used_at is not None


def test_a_mark_never_moves_backwards() -> None:
    made = register.identity(register.tenant())
    now = timezone.now()
    for at in (now, now - timedelta(hours=1)):
        usage.note_identity_use(made.pk, at=at)
        usage.flush()
    assert ManagedIdentity.objects.get(pk=made.pk).last_used_at == now


def test_what_could_not_be_written_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    made = register.identity(register.tenant())
    usage.note_identity_use(made.pk)

    def fail(*_: object) -> None:
        raise RuntimeError("down")

    with monkeypatch.context() as broken:
        broken.setattr(usage, "_write", fail)
        with pytest.raises(RuntimeError):
            usage.flush()
    usage.flush()
    assert ManagedIdentity.objects.get(pk=made.pk).last_used_at is not None


def test_noting_a_use_asks_the_database_nothing() -> None:
    made = register.identity(register.tenant())
    before = len(connection.queries_log)
    usage.note_identity_use(made.pk)
    assert len(connection.queries_log) == before
    usage.flush()
