"""The demo shows everything there is to show, as the register's own rules see it."""

import re
from collections import Counter
from datetime import datetime, timedelta

import pytest

from identities.access.models import RoleBinding
from identities.detections.categories import TOP_TEN
from identities.detections.models import Finding, FindingState
from identities.detections.sweeping import evaluate
from identities.inventory.models import ManagedIdentity
from identities.inventory.posture import sweep
from identities.inventory.states import State
from identities.inventory.triage import CODES
from identities.inventory.vocabulary import Environment, Kind
from identities.people.models import PortalRole, Tenant, User
from scheduling.demo import estate
from scheduling.preflight.selectors import would_fail
from scheduling.preflight.services import problems_of

pytestmark = pytest.mark.django_db


def _rows(tenant: Tenant) -> list[ManagedIdentity]:
    return list(ManagedIdentity.objects.filter(tenant=tenant))


def _open(tenant: Tenant) -> list[tuple[object, str, str]]:
    rows = Finding.objects.filter(tenant=tenant, state=FindingState.OPEN)
    return list(rows.values_list("identity_id", "code", "key"))


def test_nothing_in_it_is_of_the_real_world(demo: Tenant) -> None:
    texts = " ".join(f"{row.upstream_trust_source} {row.revocation_procedure} {row.repository}" for row in _rows(demo))
    hosts = set(re.findall(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io)\b", texts))
    assert hosts <= {"token.actions.githubusercontent.com"}, "the issuer of every pipeline's tokens"
    assert all(user.email.endswith(f"@{estate.DOMAIN}") for user in User.objects.filter(tenant=demo))


def test_every_kind_and_every_environment_is_there(demo: Tenant) -> None:
    rows = _rows(demo)
    assert {row.kind for row in rows} == set(Kind.values)
    assert {row.environment for row in rows} >= set(Environment.values)
    assert 40 <= len(rows) <= 65


def test_every_colour_and_every_reason_for_one_is_there(demo: Tenant) -> None:
    rows = _rows(demo)
    colours = Counter(row.triage for row in rows)
    assert colours["red"] >= 7
    assert colours["amber"] >= 14
    assert colours["green"] >= 14
    assert {reason["code"] for row in rows for reason in row.triage_reasons} == set(CODES)


def test_the_states_are_there(demo: Tenant) -> None:
    states = Counter(row.state for row in _rows(demo) if row.merged_into_id is None)
    assert (states[State.DISABLED], states[State.RETIRED], states[State.REQUESTED]) == (3, 2, 1)


def test_each_of_the_ten_has_an_open_finding(demo: Tenant) -> None:
    found = Finding.objects.filter(tenant=demo)
    assert {row.category for row in found.filter(state=FindingState.OPEN)} >= {risk.code for risk in TOP_TEN}
    assert found.filter(state=FindingState.ACCEPTED).exclude(accepted_reason="").exclude(accepted_until=None).exists()
    assert found.filter(state=FindingState.RESOLVED).count() >= 8


def test_the_sweep_of_the_portal_agrees_with_what_was_loaded(demo: Tenant, at: datetime) -> None:
    colours = {row.name: (row.triage, row.use_state) for row in _rows(demo)}
    stood = set(_open(demo))
    soon = at + timedelta(seconds=30)
    evaluate(sweep(soon), at=soon)
    assert {row.name: (row.triage, row.use_state) for row in _rows(demo)} == colours
    assert stood <= set(_open(demo))
    # The last schedule comes after everything else, and makes two workflows of one identity; then all are tried.
    # What somebody asked for today, or the tenant was given, is judged for the first time.
    later = {"NHI9-WORKLOADS", "HYGIENE-PREFLIGHT", "HYGIENE-TAGS", "NHI4-UNVERIFIED"}
    assert {code for _, code, _ in set(_open(demo)) - stood} <= later


def test_a_schedule_would_fail_within_the_week_for_each_of_three_reasons(demo: Tenant) -> None:
    found = {row.schedule.name: problems_of(row)[0].code for row in would_fail({demo.pk})}
    assert found["Nightly price lists"] == "permission_missing"
    assert found["Weekly sales report"] == "identity_disabled"
    assert found["Ledger export"] == "authorization_denied"
    assert "Cold chain check" not in found


@pytest.mark.parametrize(
    ("name", "is_dormant"),
    [
        ("yearly-tax-archiver", False),
        ("payroll-scheduler", False),
        ("old-crm-mirror", True),
        ("sandbox-importer", True),
    ],
)
def test_a_yearly_job_is_not_dormant_and_a_silent_mirror_is(demo: Tenant, name: str, *, is_dormant: bool) -> None:
    row = ManagedIdentity.objects.get(tenant=demo, name=name)
    assert (row.use_state == "dormant") is is_dormant


def test_the_orphans_owner_has_left(demo: Tenant) -> None:
    owner = ManagedIdentity.objects.get(tenant=demo, name="backup-uploader").technical_owner
    assert owner is not None
    assert not owner.is_active


def test_people_of_every_role_work_there_and_nobody_can_sign_in_as_one(demo: Tenant) -> None:
    people = User.objects.filter(tenant=demo)
    assert {person.role for person in people} == set(PortalRole.values)
    assert not any(person.has_usable_password() for person in people)


def test_bindings_have_reasons_and_some_end_soon(demo: Tenant, at: datetime) -> None:
    bindings = RoleBinding.objects.filter(identity__tenant=demo)
    assert not bindings.filter(reason="").exists()
    assert bindings.filter(valid_until__lt=at + timedelta(days=14), valid_until__gt=at).count() >= 2
