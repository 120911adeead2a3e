"""One time for all processes: the database's (decision 0020)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit import clock

HOUR, BLINK = timedelta(hours=1), timedelta(seconds=5)
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one process and its clock")
pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(settings: Any) -> None:
    settings.DATABASE_CLOCK = True
    clock.forget()


def test_an_embedded_database_has_the_clock_of_its_process(settings: Any) -> None:
    settings.DATABASE_CLOCK = connection.vendor != "postgresql"
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC), tick=False):
        assert clock.now() == timezone.now()
        assert clock.error() == timedelta()


@on_postgres
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_host_whose_clock_is_wrong_is_told_the_right_time(shared: None, hours: int) -> None:
    right = timezone.now()
    with time_machine.travel(right + hours * HOUR):
        assert abs(clock.now() - right) < BLINK
        assert abs(clock.error() - hours * HOUR) < BLINK


@on_postgres
def test_a_clock_that_jumps_between_two_answers_changes_nothing(shared: None) -> None:
    before = clock.now()
    with time_machine.travel(before - HOUR):
        assert timedelta() <= clock.now() - before < BLINK


@on_postgres
def test_what_is_known_is_carried_on_while_the_database_answers_nothing(shared: None, monkeypatch: Any) -> None:
    before = clock.now()
    monkeypatch.setattr(clock, "ASK_AGAIN", 0.0)
    with transaction.atomic():
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing_of_this_name")
        assert timedelta() <= clock.now() - before < BLINK
        transaction.set_rollback(True)


@on_postgres
def test_nobody_guesses_where_no_database_ever_answered(shared: None, monkeypatch: Any) -> None:
    def fail() -> None:
        raise DatabaseError

    monkeypatch.setattr(clock, "_ask", fail)
    with pytest.raises(DatabaseError):
        clock.now()


@on_postgres
def test_it_counts_among_nobodys_queries(shared: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        clock.now()
