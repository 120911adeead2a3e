"""How long a schedule lets its identity be silent."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from audit.actors import Actor
from identities.inventory.models import ManagedIdentity
from scheduling import calendar as calendars
from scheduling.models import Schedule
from scheduling.services import cadence, schedules
from scheduling.services.facts import Facts
from tests.factories import runs, tokens

SYSTEM = Actor.system("tests")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIELDS = st.tuples(
    st.sampled_from(["*", "0", "*/7", "5,50", "10-20"]),
    st.sampled_from(["*", "6", "*/5", "9-17", "0,23"]),
    st.sampled_from(["*", "1", "25", "L", "1,15", "*/10"]),
    st.sampled_from(["*", "1", "JAN-NOV", "*/3"]),
    st.sampled_from(["*", "1-5", "SUN", "MON#1", "5L"]),
)


@pytest.mark.parametrize(
    ("expression", "gap"),
    [
        ("* * * * *", MINUTE),
        ("*/15 * * * *", 15 * MINUTE),
        ("30 * * * *", HOUR),
        ("0 6 * * *", DAY),
        ("0 6,18 * * *", 12 * HOUR),
        ("0 9-17 * * *", 16 * HOUR),
        ("0 9 * * 1-5", 3 * DAY),
        ("0 6 25 * *", 31 * DAY),
        ("0 0 1 1 *", 366 * DAY),
        ("0 0 29 2 *", 1461 * DAY),
        ("* * 31 12 *", 365 * DAY + MINUTE),
    ],
)
def test_the_longest_gap_is_found(expression, gap):
    assert cadence.longest_gap(expression) == gap


@settings(max_examples=60)
@given(FIELDS, st.integers(0, 1000).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)))
def test_no_two_occurrences_lie_further_apart(fields, at):
    expression = " ".join(fields)
    gap = cadence.longest_gap(expression)
    found = [one.utc for one in calendars.upcoming(calendars.parse(expression, "UTC"), at, 6)]
    assert gap is not None
    assert all(later - earlier <= gap for earlier, later in pairwise(found))


@pytest.fixture
def bot():
    return tokens.bot(of=tokens.tenant()).identity


def stored(identity: ManagedIdentity) -> int | None:
    return ManagedIdentity.objects.get(pk=identity.pk).schedule_cadence_seconds


def enter(identity: ManagedIdentity, cron: str, name: str = "nightly") -> Schedule:
    workflow = runs.workflow(of=identity.tenant)
    facts = Facts(
        workflow_id=workflow.key, name=name, cron_expression=cron, timezone="UTC",
        managed_identity_id=identity.pk, secret_reference=runs.REFERENCE,
    )  # fmt: skip
    return schedules.create_schedule(tenant_id=identity.tenant_id, facts=facts, actor=SYSTEM)


@pytest.mark.django_db
def test_the_row_follows_its_schedules(bot):
    assert stored(bot) is None
    daily = enter(bot, "0 6 * * *")
    assert stored(bot) == 86_400
    hourly = enter(bot, "0 * * * *", "hourly")
    assert stored(bot) == 3600
    schedules.pause(hourly, actor=SYSTEM)
    assert stored(bot) == 86_400
    schedules.resume(hourly, actor=SYSTEM)
    assert stored(bot) == 3600
    schedules.remove_schedule(hourly, actor=SYSTEM)
    schedules.change_schedule(daily, changes={"cron_expression": "0 6 25 * *"}, actor=SYSTEM)
    assert stored(bot) == 31 * 86_400


@pytest.mark.django_db
def test_a_schedule_that_changes_hands_is_taken_from_the_one_and_given_to_the_other(bot):
    other = tokens.bot(of=bot.tenant).identity
    daily = enter(bot, "0 6 * * *")
    schedules.change_schedule(daily, changes={"managed_identity_id": other.pk}, actor=SYSTEM)
    assert (stored(bot), stored(other)) == (None, 86_400)


@pytest.mark.django_db
def test_a_schedule_of_another_tenant_that_names_it_says_nothing(bot):
    runs.schedule(running=runs.workflow(of=tokens.tenant()), managed_identity_id=bot.pk, cron_expression="* * * * *")
    cadence.refresh({bot.pk})
    assert stored(bot) is None
