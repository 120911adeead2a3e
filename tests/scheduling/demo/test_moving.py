"""Credentials in motion: each page has something to show, and what it shows holds by the rules that everybody has."""

from datetime import datetime, timedelta

import pytest

from identities.access.models import GrantState, SecretGrant
from identities.credentials import custody, rotations
from identities.credentials.models import (
    ClientKey,
    ClientSecret,
    ExternalCredential,
    Rotation,
    RotationState,
    SecretUse,
)
from identities.credentials.rotation_selectors import still_using_old
from identities.detections.models import Finding, LeakAction, LeakMatch
from identities.inventory import exceptions
from identities.inventory.models import Knock, ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle.models import Cause, LineKind, Quarantine
from identities.lifecycle.selectors import Phase, phase_of
from identities.people.models import Notice, Tenant, User
from scheduling.demo import motion, moving
from scheduling.demo.shapes import address

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _open(tenant: Tenant, name: str) -> Rotation:
    return Rotation.objects.get(identity__tenant=tenant, identity__name=name, ended_at=None)


def test_one_rotation_goes_on_with_both_in_use_and_one_place_that_was_not_told(demo: Tenant, at: datetime) -> None:
    rotation = _open(demo, moving.RUNNING)
    assert rotation.state == RotationState.BOTH_SEEN
    assert rotation.overdue_at is None
    assert SecretUse.objects.filter(secret=rotation.old, at__gte=rotation.started_at - DAY / 24).count() > 10
    assert SecretUse.objects.filter(secret=rotation.new).count() > 10
    (source,) = [source for source in still_using_old(rotation) if source.last_seen_at > at - DAY]
    assert (source.address, source.user_agent) == moving_wall()


def moving_wall() -> tuple[str, str]:
    return ("10.20.4.17", "wallboard/2.3")


def test_the_machine_leaves_it_as_it_is_for_now_and_retires_it_in_time(demo: Tenant, at: datetime) -> None:
    rotation = _open(demo, moving.RUNNING)
    soon = rotations.advance(rotation.pk, at=at + timedelta(minutes=5))
    assert soon is not None
    assert soon.state == RotationState.BOTH_SEEN
    later = at
    for _ in range(24 * 12):
        later += timedelta(minutes=5)
        found = rotations.advance(rotation.pk, at=later)
    assert found is not None
    assert found.state == RotationState.RETIRED


def test_one_is_overdue_and_its_identity_brittle(demo: Tenant) -> None:
    rotation = _open(demo, moving.OVERDUE)
    assert rotation.overdue_at is not None
    assert rotation.identity.brittle
    assert "10.20.8.12" in rotation.identity.brittle_reason
    assert "10.20.8.11" not in rotation.identity.brittle_reason


def test_one_waits_for_a_vault_that_does_not_answer(demo: Tenant) -> None:
    rotation = _open(demo, moving.UNDELIVERED)
    assert rotation.delivery_problem == "vault_name_unknown"
    assert rotation.deliver_at is not None
    assert ClientSecret.objects.filter(identity=rotation.identity, revoked_at=None).count() == 2


def test_some_are_over_and_each_ended_by_its_evidence(demo: Tenant) -> None:
    over = Rotation.objects.filter(identity__tenant=demo, state=RotationState.RETIRED).select_related("old", "new")
    assert over.count() >= 5
    for row in over:
        assert row.old is not None
        assert row.ended_at is not None
        assert row.old.revoked_at == row.ended_at
        assert row.old.last_used_at is not None
        assert row.ended_at - row.old.last_used_at >= timedelta(seconds=row.silent_seconds)


def test_a_vendor_is_contained_here_and_not_yet_there(demo: Tenant) -> None:
    row = Quarantine.objects.get(tenant=demo, closed_at=None)
    assert row.identity.name == motion.QUARANTINED
    assert phase_of(row) is Phase.CONTAINED
    lines = list(row.lines.filter(kind=LineKind.PROCEDURE))
    assert [line.done_at is not None for line in lines] == [True, True, False, False]
    dependent = row.lines.get(kind=LineKind.DEPENDENT_SECRET)
    assert dependent.about["identity"] == "cold-chain-monitor"


def test_a_drill_was_passed_and_says_when(demo: Tenant, at: datetime) -> None:
    row = Quarantine.objects.get(tenant=demo, cause=Cause.DRILL)
    assert phase_of(row) is Phase.RELEASED
    identity = ManagedIdentity.objects.get(pk=row.identity_id)
    assert identity.state == State.ACTIVE
    assert identity.revocation_tested_at == row.complete_at
    assert row.complete_at is not None
    assert row.complete_at < at - 60 * DAY


def test_one_is_paused_and_somebody_knocked(demo: Tenant, at: datetime) -> None:
    identity = ManagedIdentity.objects.get(tenant=demo, name=motion.PAUSED)
    assert identity.state == State.PAUSED
    assert identity.paused_until is not None
    assert identity.paused_until > at
    assert Knock.objects.get(identity=identity).since == identity.state_changed_at


def test_a_leaked_secret_is_dead_and_replaced(demo: Tenant, at: datetime) -> None:
    match = LeakMatch.objects.get(report__tenant=demo)
    assert match.action == LeakAction.REVOKED
    assert match.report.reported_at < at - 8 * DAY
    assert match.secret.revoked_at == match.report.reported_at
    assert ClientSecret.objects.get(identity=match.identity, revoked_at=None).created_at == match.report.reported_at


def test_one_grant_waits_and_one_is_proposed_for_removal(demo: Tenant) -> None:
    assert SecretGrant.objects.get(identity__tenant=demo, state=GrantState.ASKED).decided_at is None
    found = Finding.objects.filter(tenant=demo, code="NHI5-UNREAD", state="open")
    assert "old-crm-mirror" in set(found.values_list("identity__name", flat=True))


def test_a_key_a_certificate_and_an_exception_are_there(demo: Tenant, at: datetime) -> None:
    assert ClientKey.objects.get(identity__tenant=demo).identity.name == motion.KEYED
    ends = ExternalCredential.objects.get(identity__tenant=demo, source="by hand").expires_at
    assert ends is not None
    assert (ends - at).days in (11, 12)
    excepted = ManagedIdentity.objects.get(tenant=demo, name=moving.EXCEPTED)
    assert exceptions.of([excepted.pk], at=at).exists()


def test_somebody_who_has_left_was_shown_a_secret_that_still_works(demo: Tenant, at: datetime) -> None:
    gone = User.objects.get(email=address("olek.brandt"))
    (secret,) = custody.live_secrets_seen_by(gone, at)
    assert secret.identity.name == motion.SHOWN


def test_people_are_told_and_nobody_is_written_to(demo: Tenant) -> None:
    told = Notice.objects.filter(tenant=demo)
    assert {"quarantine", "rotation_overdue", "leak", "credential_due"} <= set(told.values_list("kind", flat=True))
    assert not told.exclude(mail_at=None).exists()
