"""The demo's service users: one works, one fails and was found, one is being replaced, one nobody marked."""

from datetime import datetime, timedelta

import pytest

from audit.actors import Actor
from audit.models import AuditEvent
from identities.detections.models import Finding
from identities.inventory.models import ManagedIdentity
from identities.people.models import RefreshToken, Tenant, User
from identities.service_users import selectors
from identities.service_users.following import follow
from identities.service_users.models import RefreshIncident, Replacement, ReplacementState
from identities.service_users.planning import plan
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.demo import accounts, serving
from scheduling.demo.shapes import address
from scheduling.models import Schedule

pytestmark = pytest.mark.django_db


def _user(login: str) -> User:
    return User.objects.get(email=address(login))


def test_each_has_a_row_in_the_register_that_is_amber_and_has_an_owner(demo: Tenant) -> None:
    rows = ManagedIdentity.objects.filter(tenant=demo, account__isnull=False)
    assert {row.name for row in rows} == {address(account.login) for account in accounts.ACCOUNTS}
    assert {row.triage for row in rows} == {"amber"}
    assert all(row.technical_owner and row.purpose and row.environment for row in rows)


def test_nobody_knows_a_password_of_theirs(demo: Tenant) -> None:
    assert not any(_user(account.login).has_usable_password() for account in accounts.ACCOUNTS)


def test_one_goes_on_refreshing_and_its_way_out_is_planned_from_what_it_called(demo: Tenant, at: datetime) -> None:
    healthy = _user(accounts.HEALTHY)
    [session] = selectors.sessions_of(healthy, at=at)
    assert session.ended == ""
    assert session.refreshes >= 10
    assert plan(healthy, at=at).permissions == ("report.read", "run.read")


def test_one_fails_since_its_reset_and_was_found_once(demo: Tenant) -> None:
    failing = _user(accounts.FAILING)
    assert failing.refresh_invalidated_reason == "token-invalidated"
    incident = RefreshIncident.objects.get(tenant=demo)
    assert (incident.user, incident.metadata["cause"]) == (failing, "reset-forced")
    found = AuditEvent.objects.get(type="agent.refresh.failure.detected", subject_id=str(failing.pk))
    check = Schedule.objects.get(tenant=demo, workflow__key=HEALTH_CHECK.key)
    assert found.details["scheduleId"] == str(check.pk)
    assert Finding.objects.filter(tenant=demo, identity__account=failing, state="open").exists()


def test_one_is_moving_over_and_ends_by_itself_once_it_is_quiet(demo: Tenant, at: datetime) -> None:
    going_on = Replacement.objects.get(tenant=demo)
    assert (going_on.account, going_on.identity.name) == (_user(accounts.REPLACED), accounts.REPLACEMENT_NAME)
    assert going_on.permissions == ["run.read", "schedule.run"]
    assert going_on.not_covered == []
    assert follow(at) == 0
    assert follow(at + timedelta(hours=serving.QUIET_HOURS)) == 1
    going_on.refresh_from_db()
    assert going_on.state == ReplacementState.MOVED
    assert not _user(accounts.REPLACED).is_active


def test_one_was_never_marked_as_what_its_address_says(demo: Tenant) -> None:
    assert [user.email for user in selectors.unmarked(frozenset({demo.pk}))] == [address(accounts.UNMARKED)]


def test_nothing_of_them_lies_in_the_future(demo: Tenant, at: datetime) -> None:
    assert not User.objects.filter(tenant=demo, is_agent=True, created_at__gte=at - timedelta(days=30)).exists()
    past = RefreshToken.objects.filter(user__email=address(accounts.HEALTHY))
    assert not past.filter(issued_at__gt=at).exists()


def test_loaded_again_nothing_is_made_twice(demo: Tenant, at: datetime) -> None:
    before = (User.objects.count(), ManagedIdentity.objects.count(), RefreshIncident.objects.count())
    serving.load(demo, at, Actor.system("demo", demo.pk))
    assert (User.objects.count(), ManagedIdentity.objects.count(), RefreshIncident.objects.count()) == before
