"""A password's age: off by default, for people alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.people import password_age
from tests.factories import people

pytestmark = pytest.mark.django_db
OLD = timedelta(days=400)


def test_no_password_is_too_old_by_default():
    person = people.person(password_set_at=timezone.now() - OLD)
    assert not password_age.is_too_old(person, timezone.now())


def test_a_service_users_password_never_is(settings):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 1
    agent = people.agent(password_set_at=timezone.now() - OLD)
    assert not password_age.must_change(agent, timezone.now())


def test_nobody_without_a_password_has_to_change_one(settings):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 1
    person = people.person(password="!unusable", password_set_at=timezone.now() - OLD)
    assert not password_age.must_change(person, timezone.now())


@pytest.mark.parametrize(("days", "expected"), [(29, False), (30, True), (31, True)])
def test_a_persons_is_from_the_day_on(settings, days, expected):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 30
    at = timezone.now()
    assert password_age.is_too_old(people.person(password_set_at=at - timedelta(days=days)), at) is expected


def test_one_whose_day_nobody_knows_counts_from_the_account(settings):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 30
    person = people.person(created_at=timezone.now() - OLD)
    assert password_age.must_change(person, timezone.now())
