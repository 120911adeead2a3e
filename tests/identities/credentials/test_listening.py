"""Silence is counted while somebody listens: what a process says that serves tokens, and what the clock makes of it."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identities.credentials import listening, rotations, services as credentials
from identities.credentials.models import Listening, Rotation, RotationState as State
from identities.credentials.rotation import DEAF, LATE
from identities.inventory import usage
from tests.factories import register, tokens
from tests.identities.credentials.test_rotations import HOUR, MINUTE, use, watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def serving() -> Iterator[None]:
    """As if this process served tokens, and had said nothing yet."""
    listening.begin()
    listening._said._again = 0.0
    yield
    listening._said.is_serving = False


def test_a_process_that_serves_no_tokens_says_nothing() -> None:
    usage.flush()
    assert listening.until() is None


def test_one_that_serves_says_so_while_nothing_is_used(serving: None) -> None:
    before = timezone.now()
    usage.flush()
    said = listening.until()
    assert said is not None
    assert before <= said <= timezone.now()


def test_it_says_so_about_once_a_minute(serving: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    usage.flush()
    with django_assert_num_queries(0):
        usage.flush()


def test_what_could_not_be_written_is_not_said(serving: None) -> None:
    with (
        patch.object(Listening.objects, "update_or_create", side_effect=DatabaseError),
        pytest.raises(DatabaseError),
    ):
        usage.flush()
    assert listening.until() is None
    usage.flush()
    assert listening.until() is not None


def test_of_several_processes_the_latest_word_stays(serving: None) -> None:
    ahead = timezone.now() + HOUR
    Listening.objects.create(until=ahead)
    usage.flush()
    assert listening.until() == ahead


def test_while_no_process_serves_tokens_silence_is_not_counted_though_the_clock_looks() -> None:
    bot = tokens.bot(risk_tier="high")
    rotation = credentials.issue(bot.identity, actor=register.SYSTEM).rotation
    assert rotation is not None
    start = rotation.started_at
    use(rotation.new, start)
    Listening.objects.create(until=start)
    going = watch(rotation, start + 3 * HOUR)
    assert going.state == State.BOTH_SEEN
    assert going.watched_since >= start + 3 * HOUR - 5 * MINUTE
    for minutes in range(0, 60, 5):
        Listening.objects.update(until=start + 3 * HOUR + minutes * MINUTE)
        going = watch(going, start + 3 * HOUR + minutes * MINUTE)
    assert going.state == State.BOTH_SEEN
    Listening.objects.update(until=start + 4 * HOUR)
    assert watch(going, going.watched_since + HOUR + LATE).state == State.RETIRED


def test_a_short_silence_of_the_processes_is_none_of_the_clock() -> None:
    bot = tokens.bot(risk_tier="high")
    rotation = credentials.issue(bot.identity, actor=register.SYSTEM).rotation
    assert rotation is not None
    at = rotation.started_at + 5 * MINUTE
    Listening.objects.create(until=at - DEAF)
    rotations.tend(at)
    assert Rotation.objects.get().watched_since == rotation.started_at


def test_where_nobody_ever_said_anything_the_look_of_the_clock_is_enough() -> None:
    bot = tokens.bot(risk_tier="high")
    rotation = credentials.issue(bot.identity, actor=register.SYSTEM).rotation
    assert rotation is not None
    use(rotation.new, rotation.started_at)
    assert watch(rotation, rotation.started_at + timedelta(hours=1) + LATE).state == State.RETIRED
