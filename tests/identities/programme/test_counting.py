"""What is counted, of whom, in how many statements; and that a number and the list behind it never differ."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.credentials.models import ClientKey
from identities.inventory.models import ManagedIdentity
from identities.programme import selectors
from identities.programme.conditions import CONDITIONS
from identities.programme.counting import count_everything, whole
from identities.programme.slices import Slice
from tests.factories import client_keys, estates, people

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 14


@pytest.fixture
def at():
    """A little ahead, so that what the test records lies before it."""
    return timezone.now() + timedelta(minutes=1)


@pytest.fixture
def ours(at):
    return estates.varied(at)


def numbers(at, tenant=None, **narrow):
    return selectors.numbers_of(Slice(frozenset({tenant.pk}) if tenant else None, **narrow), at)


def test_an_empty_tenant_has_none_of_anything_that_can_be_counted(at):
    found = numbers(at, people.tenant())
    assert found["total"].value == 0
    assert found["owned"].percent is None
    assert found["rotation_age"].value is None
    assert found["findings"].value == 0
    assert found["recertified"].value is None
    assert found["time_to_provision"].value is None


def test_another_tenants_rows_are_not_counted(ours, at):
    estates.varied(at)
    assert numbers(at, ours.tenant) == numbers(at, ours.tenant)
    assert numbers(at, ours.tenant)["total"].value == 7
    assert numbers(at)["total"].value == 14


@pytest.mark.parametrize(
    ("key", "value", "of", "unknown"),
    [
        ("total", 7, None, None),
        ("red", 2, 7, None),
        ("green", 1, 7, None),
        ("owned", 4, 7, None),
        ("bounded", 4, 7, None),
        ("orphaned", 3, 7, None),
        ("review_overdue", 1, 7, None),
        ("rotated_in_time", 1, 4, 2),
        ("rotation_overdue", 1, 4, 2),
        ("short_lived", 1, 7, 1),
        ("unmanaged", 2, 4, None),
        ("expired", 2, 6, None),
        ("rotation_age", 60.0, 4, 2),
        ("ad_hoc", 1, 7, None),
        ("shared", 2, 7, None),
        ("worst", 2, 7, None),
        ("dormant", 1, 7, None),
        ("unobserved", 2, 7, None),
        ("tokens_short_lived", 1, 2, None),
        ("tokens_today", 2, None, None),
        ("failed_sign_ins", 1, None, None),
        ("violations", 2, None, None),
        ("findings", 5, None, None),
        ("nhi7", 1, 5, None),
        ("nhi1", 1, 5, None),
        ("unique", 5, 7, None),
        ("separated", 5, 7, 1),
        ("reminded", 2, 4, None),
        ("classified", 2, 7, None),
        ("contained", 3, 7, None),
        ("federated", 2, 7, 1),
        ("watched", 2, 7, None),
    ],
)
def test_each_number_is_what_one_would_count_by_hand(ours, at, key, value, of, unknown):
    found = numbers(at, ours.tenant)[key]
    assert (found.value, found.of, found.unknown) == (value, of, unknown)


def test_refusals_are_told_by_environment_and_what_is_not_known_is_said_so(ours, at):
    found = numbers(at, ours.tenant)
    assert found["violations"].parts == {"production": 1, "unknown": 1}
    assert found["failed_sign_ins"].parts == {"production": 1}


def test_times_are_averages_of_what_happened(ours, at):
    found = numbers(at, ours.tenant)
    assert found["time_to_rotate"].value == timedelta(hours=6).total_seconds()
    assert found["time_to_revoke"].value == timedelta(days=2).total_seconds()


def test_keys_count_among_credentials_and_their_replacement_among_rotations(ours, at):
    before = numbers(at, ours.tenant)["expired"]
    identity = ours.identities["green"]
    old, new = client_keys.signing(of=identity).key, client_keys.signing(of=identity).key
    ClientKey.objects.filter(pk=old.pk).update(
        created_at=at - timedelta(days=9), revoked_at=at - timedelta(days=1) + timedelta(hours=2)
    )
    ClientKey.objects.filter(pk=new.pk).update(created_at=at - timedelta(days=1), expires_at=at - timedelta(hours=1))
    found = numbers(at, ours.tenant)
    assert (found["expired"].value, found["expired"].of) == (before.value + 1, before.of + 1)
    assert found["time_to_rotate"].value == timedelta(hours=4).total_seconds(), "six hours of a secret, two of a key"


def test_teams_add_up_to_the_tenant(ours, at):
    by_team = count_everything(Slice(frozenset({ours.tenant.pk})), at)
    assert set(by_team) == {ours.harbour.pk, ours.night.pk, None}
    assert by_team[ours.harbour.pk].counts["total"] == 3
    assert whole(by_team).counts["total"] == 7


def test_a_team_and_an_application_are_counted_for_themselves(ours, at):
    team = numbers(at, ours.tenant, team_id=ours.harbour.pk)
    assert (team["total"].value, team["unmanaged"].value, team["findings"].value) == (3, 1, 2)
    pilot = numbers(at, ours.tenant, application="payroll")
    assert (pilot["total"].value, pilot["owned"].percent, pilot["rotation_age"].value) == (2, 100, 20)
    assert pilot["violations"].value is None, "nobody knows which application was refused"


@pytest.mark.parametrize("key", sorted(CONDITIONS))
def test_the_condition_of_a_number_lists_as_many_rows_as_it_counts(ours, at, key):
    slice_ = Slice(frozenset({ours.tenant.pk}))
    listed = ManagedIdentity.objects.filter(slice_.identities(), CONDITIONS[key](at)).count()
    assert whole(count_everything(slice_, at)).counts[key] == listed


def test_counting_costs_the_same_however_many_teams_there_are(ours, at, django_assert_max_num_queries):
    for _ in range(5):
        team = people.team(of=ours.tenant)
        ManagedIdentity.objects.filter(pk=ours.identities["blank"].pk).update(owner_team=team)
    with django_assert_max_num_queries(MOST_STATEMENTS):
        numbers(at, ours.tenant)
