"""Knocks are counted in memory, and written once for each source and stop."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from identities.inventory import knocks
from identities.inventory.models import Knock, ManagedIdentity
from identities.inventory.states import State
from tests.factories import tokens as made

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def stopped() -> ManagedIdentity:
    identity = made.identity()
    made.stop(identity, State.PAUSED)
    return identity


def knock(identity: ManagedIdentity, times: int = 1, **facts) -> None:
    for _ in range(times):
        knocks.note(identity.pk, state=identity.state, **facts)


def test_a_knock_at_an_open_door_leaves_nothing() -> None:
    knocks.note(made.identity().pk, state="active")
    knocks.flush()
    assert not Knock.objects.exists()


def test_the_same_source_is_one_row_that_counts(stopped: ManagedIdentity) -> None:
    knock(stopped, 3, address="192.0.2.1", user_agent="curl")
    knocks.flush()
    knock(stopped, 2, address="192.0.2.1", user_agent="curl", at=NOW + timedelta(hours=1))
    knock(stopped, address="192.0.2.2")
    knocks.flush()
    rows = {row.address: row for row in Knock.objects.all()}
    assert {address: row.times for address, row in rows.items()} == {"192.0.2.1": 5, "192.0.2.2": 1}
    assert rows["192.0.2.1"].last_at == NOW + timedelta(hours=1)
    assert rows["192.0.2.1"].since == stopped.state_changed_at


def test_an_older_mark_written_later_moves_nothing_back(stopped: ManagedIdentity) -> None:
    for at in (NOW, NOW - timedelta(hours=1)):
        knock(stopped, at=at)
        knocks.flush()
    row = Knock.objects.get()
    assert (row.first_at, row.last_at) == (NOW - timedelta(hours=1), NOW)


def test_another_stop_begins_anew(stopped: ManagedIdentity) -> None:
    knock(stopped)
    knocks.flush()
    made.stop(stopped, State.QUARANTINED)
    knock(stopped)
    knocks.flush()
    assert {row.state for row in Knock.objects.all()} == {"paused", "quarantined"}


def test_beyond_so_many_sources_they_are_counted_together(stopped: ManagedIdentity, monkeypatch) -> None:
    monkeypatch.setattr(knocks, "MOST_SOURCES", 2)
    for number in range(5):
        knock(stopped, address=f"192.0.2.{number}")
    knocks.flush()
    knock(stopped, address="192.0.2.0")
    knocks.flush()
    rows = Knock.objects.order_by("address")
    assert [(row.address, row.user_agent, row.times) for row in rows] == [
        ("", knocks.OTHERS, 3),
        ("192.0.2.0", "", 2),
        ("192.0.2.1", "", 1),
    ]


def test_text_of_strangers_is_cut_to_what_the_row_holds(stopped: ManagedIdentity) -> None:
    knock(stopped, address="a" * 500, user_agent="b\x00" * 500)
    knocks.flush()
    row = Knock.objects.get()
    assert (len(row.address), row.user_agent) == (64, "b" * 200)


def test_what_could_not_be_written_waits(stopped: ManagedIdentity, monkeypatch) -> None:
    knock(stopped, 2)

    def fail(*_: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(knocks, "_write", fail)
        with pytest.raises(DatabaseError):
            knocks.flush()
    knock(stopped)
    knocks.flush()
    assert Knock.objects.get().times == 3
