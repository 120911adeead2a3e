"""When credentials were renewed and when the first is due, on the identity's row."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from identities.credentials import rotation_facts, services
from identities.credentials.models import ExternalCredential
from identities.inventory.models import ManagedIdentity
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def at() -> datetime:
    return timezone.now()


def kept(identity: ManagedIdentity) -> tuple[datetime | None, datetime | None]:
    row = ManagedIdentity.objects.get(pk=identity.pk)
    return row.last_rotated_at, row.rotate_by


def external(**facts: Any) -> ManagedIdentity:
    return register.identity(register.tenant(), issuance="external", risk_tier="medium", **facts)


def reported(of: ManagedIdentity, name: str, **facts: object) -> None:
    ExternalCredential.objects.create(
        **{"identity": of, "kind": "access_key", "source": "aws/1", "external_id": name, **facts}
    )
    rotation_facts.refresh([of.pk])


def test_without_a_credential_nothing_is_due():
    assert kept(register.identity(register.tenant())) == (None, None)


def test_the_newest_renewal_and_the_first_due_date_count():
    made = register.identity(register.tenant(), risk_tier="medium")
    first = services.issue(made, actor=register.SYSTEM).secret
    second = services.issue(made, actor=register.SYSTEM).secret
    assert kept(made) == (second.created_at, first.rotate_by)
    services.revoke(first, reason="rotated", actor=register.SYSTEM)
    assert kept(made) == (second.created_at, second.rotate_by)
    services.revoke(second, reason="over", actor=register.SYSTEM)
    assert kept(made) == (None, None)


def test_a_secret_with_an_end_of_its_own_is_due_by_then(at):
    made = register.identity(register.tenant(), risk_tier="low")
    services.issue(made, actor=register.SYSTEM, expires_at=at + 5 * DAY)
    assert kept(made)[1] == at + 5 * DAY


def test_a_key_that_others_issued_is_due_by_our_policy(at):
    made = external()
    reported(made, "AKIA1", created_at=at - 400 * DAY, last_rotated_at=at - 100 * DAY)
    assert kept(made) == (at - 100 * DAY, at - 10 * DAY)
    codes = {reason["code"] for reason in ManagedIdentity.objects.get(pk=made.pk).triage_reasons}
    assert "rotation_overdue" in codes


@pytest.mark.parametrize(
    "facts",
    [{"is_active": False}, {"gone_at": timezone.now()}, {"kind": "federated"}, {"created_at": None},
     {"expires_at": timezone.now() - DAY}],
)  # fmt: skip
def test_a_credential_that_is_dead_ageless_or_federated_sets_no_date(at, facts):
    made = external()
    reported(made, "AKIA1", **{"created_at": at - 400 * DAY, **facts})
    assert kept(made) == (None, None)


def test_the_own_interval_counts_where_it_is_shorter(at):
    made = external(rotation_interval_days=7)
    reported(made, "AKIA1", created_at=at)
    assert kept(made)[1] == at + 7 * DAY


def test_a_day_that_was_asked_for_counts_where_it_is_sooner(at):
    made = register.identity(register.tenant(), risk_tier="medium")
    services.issue(made, actor=register.SYSTEM, rotate_by=at + 10 * DAY)
    assert kept(made)[1] == at + 10 * DAY


def test_a_day_that_somebody_put_on_a_key_elsewhere_counts_where_it_is_sooner(at):
    made = external()
    reported(made, "AKIA1", created_at=at, rotate_by=at + 10 * DAY)
    reported(made, "AKIA2", created_at=at, rotate_by=at + 300 * DAY)
    assert kept(made)[1] == at + 10 * DAY
