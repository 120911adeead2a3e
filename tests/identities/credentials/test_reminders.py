"""Those who answer are told in time, once for each threshold."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, Reminder
from identities.credentials.reminders import remind
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.people.models import Notice, User
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def owner() -> User:
    return register.person(register.tenant())


@pytest.fixture
def secret(owner: User) -> ClientSecret:
    bot = register.identity(owner.tenant, name="payroll bot", risk_tier="medium", technical_owner=owner)
    return credentials.issue(bot, actor=register.SYSTEM).secret


def test_nothing_is_said_before_its_time(secret: ClientSecret) -> None:
    assert remind(secret.rotate_by - 14 * DAY - timedelta(seconds=1)) == 0
    assert not Notice.objects.exists()


def test_each_threshold_is_said_once_over_the_weeks(secret: ClientSecret, owner: User) -> None:
    said = [remind(secret.rotate_by - timedelta(hours=hours)) for hours in range(20 * 24, -20 * 24, -12)]
    assert sum(said) == 4
    assert sorted(Reminder.objects.values_list("days", flat=True)) == [0, 1, 7, 14]
    assert Notice.objects.filter(person=owner).count() == 4
    assert AuditEvent.objects.filter(type=CredentialEvent.REMINDED).count() == 4


def test_one_first_seen_near_its_day_is_said_once_not_for_every_threshold(secret: ClientSecret) -> None:
    assert [remind(secret.rotate_by - 3 * DAY) for _ in range(3)] == [1, 0, 0]
    assert [row.days for row in Reminder.objects.all()] == [7]


def test_the_notice_says_what_and_until_when_and_names_the_identity(secret: ClientSecret, owner: User) -> None:
    remind(secret.rotate_by - 7 * DAY)
    notice = Notice.objects.get()
    assert notice.subject == f"Secret …{secret.hint} of payroll bot is due for rotation in 7 days or less"
    assert (notice.person, notice.about_kind, notice.about_id) == (owner, "identity", str(secret.identity_id))


def test_a_day_that_moved_is_a_new_day(secret: ClientSecret) -> None:
    remind(secret.rotate_by - DAY)
    ClientSecret.objects.update(rotate_by=secret.rotate_by - 30 * DAY, renewed_at=secret.created_at)
    assert remind(secret.rotate_by - 31 * DAY) == 1


def test_a_round_ends_at_its_limit_and_the_next_goes_on(owner: User) -> None:
    for number in range(3):
        bot = register.identity(owner.tenant, name=f"bot number {number}", risk_tier="medium")
        credentials.issue(bot, actor=register.SYSTEM)
    at = ManagedIdentity.objects.latest("rotate_by").rotate_by
    assert at is not None
    assert [remind(at, limit=2), remind(at, limit=2), remind(at, limit=2)] == [2, 1, 0]
