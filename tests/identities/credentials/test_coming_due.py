"""What has come near, found by the database and judged by the policy of today."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st

from identities.credentials import services as credentials
from identities.credentials.coming_due import THRESHOLDS, coming_due, threshold
from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from tests.factories import register

DAY = timedelta(days=1)
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant(), risk_tier="medium")


def secret(of: ManagedIdentity) -> ClientSecret:
    return credentials.issue(of, actor=register.SYSTEM).secret


def found(at: datetime) -> list[tuple[str, int]]:
    return [(due.label, due.days) for due in coming_due(at)]


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_the_nearest_threshold_that_is_passed_counts(ahead: timedelta) -> None:
    passed = [days for days in THRESHOLDS if ahead <= timedelta(days=days)]
    assert threshold(AT + ahead, AT) == (min(passed) if passed else None)


@pytest.mark.django_db
def test_what_is_far_away_is_not_loaded(bot, django_assert_num_queries) -> None:
    secret(bot)
    with django_assert_num_queries(5):
        assert found(timezone.now()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "said"), [(15, []), (13, [14]), (7, [7]), (3, [7]), (1, [1]), (-1, [0])])
def test_a_secret_comes_near_step_by_step(bot, days: int, said: list[int]) -> None:
    made = secret(bot)
    assert found(made.rotate_by - days * DAY) == [(str(made), day) for day in said]


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["disabled", "retired"])
def test_nothing_is_due_of_what_rests(bot, state: str) -> None:
    made = secret(bot)
    inventory.set_state(bot, target=inventory.State(state), reason="over", actor=register.SYSTEM)
    assert found(made.rotate_by) == []


@pytest.mark.django_db
def test_a_secret_that_is_being_replaced_is_not_waited_for(bot) -> None:
    old, new = secret(bot), secret(bot)
    assert [label for label, _ in found(old.rotate_by)] == [str(new)]


@pytest.mark.django_db
def test_a_tier_that_was_raised_counts_at_once(bot) -> None:
    made = secret(bot)
    inventory.change(bot, facts={"risk_tier": "high"}, actor=register.SYSTEM)
    assert found(made.created_at + 29 * DAY) == [(str(made), 1)]


@pytest.mark.django_db
def test_a_tier_that_was_lowered_gives_more_time(bot) -> None:
    made = secret(bot)
    inventory.change(bot, facts={"risk_tier": "low"}, actor=register.SYSTEM)
    assert found(made.rotate_by) == []


@pytest.mark.django_db
def test_keys_come_due_like_secrets(bot) -> None:
    due = timezone.now() + 90 * DAY
    ClientKey.objects.create(
        identity=bot, kid="k1", alg="ES256", public_jwk={}, thumbprint="t", rotate_by=due, created_at=due - 90 * DAY
    )
    assert found(due - DAY) == [("k1", 1)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"rotate_by": DAY}, [1]),
        ({"expires_at": 7 * DAY}, [7]),
        ({"rotate_by": 10 * DAY, "expires_at": DAY}, [1]),
        ({"expires_at": -DAY}, []),
        ({}, []),
    ],
)
def test_of_others_only_dates_that_somebody_gave_count(bot, facts: dict[str, timedelta], said: list[int]) -> None:
    now = timezone.now()
    dates = {name: now + ahead for name, ahead in facts.items()}
    ExternalCredential.objects.create(identity=bot, kind="certificate", source="x", external_id="C", **dates)
    assert [days for _, days in found(now)] == said
