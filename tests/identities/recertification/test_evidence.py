"""The four questions are answered from data: people, roles and their use, addresses, what breaks, what changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.access.models import GrantState, RoleBinding, SecretGrant
from identities.credentials import services as credentials
from identities.credentials.models import SecretSource
from identities.detections.models import Finding
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.policies.models import AuthorizationDecision
from identities.recertification import decisions, evidence
from tests.factories import people, register
from tests.factories.reviews import Cast, unused

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def gathered(identity: ManagedIdentity) -> evidence.Evidence:
    row = ManagedIdentity.objects.get(pk=identity.pk)
    return evidence.gather([row], at=timezone.now())[row.pk]


def test_who_owns_it_and_who_of_them_is_there(cast) -> None:
    team = people.team(cast.deputy, people.person(of=cast.tenant, is_active=False), of=cast.tenant)
    one = cast.identity(business_owner="Finance", owner_team=team.name)
    cast.owner.is_active = False
    cast.owner.save()
    assert gathered(one)["owner"] == {
        "technical": {"id": str(cast.owner.pk), "label": cast.owner.email, "active": False},
        "business": {"id": None, "label": "Finance", "active": False},
        "deputy": None,
        "team": {"id": str(team.pk), "label": team.name, "active": True, "members": 1},
    }


def test_what_it_may_do_and_what_of_that_was_used(cast) -> None:
    one, at = cast.identity(), timezone.now()
    idle = unused(one, "run.read", name="idle")
    register.grant(one, "identity.read", name="new")
    used = unused(one, "schedule.read", name="used")
    RoleBinding.objects.filter(pk=used.pk).update(last_used_at=at - timedelta(days=1))
    AuthorizationDecision.objects.create(
        actor_kind="identity", actor_id=str(one.pk), permission="schedule.read", outcome="allow", stage="api"
    )
    found = gathered(one)["access"]
    assert {role["role"]: role["unused"] for role in found["roles"]} == {"idle": True, "new": False, "used": False}
    assert found["unused"] == [str(idle.pk)]
    permissions = {role["role"]: role["permissions"][0]["lastUsedAt"] for role in found["roles"]}
    assert permissions["used"] is not None
    assert permissions["idle"] is None


def test_a_role_of_a_yearly_job_rests_for_a_year(cast) -> None:
    one = cast.identity(expected_cadence="yearly")
    unused(one, "run.read")
    assert gathered(one)["access"]["unused"] == []


def test_which_secrets_it_reads_by_name(cast) -> None:
    one = cast.identity()
    SecretGrant.objects.create(
        identity=one,
        provider="local",
        vault_uri="local://default",
        secret_name="payroll/key",
        state=GrantState.GRANTED,
        reason="x",
        valid_until=timezone.now() + timedelta(days=1),
    )
    assert [row["place"] for row in gathered(one)["access"]["secretReferences"]] == ["local://default/payroll/key"]


def test_when_and_from_where_it_was_used(cast) -> None:
    one, at = cast.identity(), timezone.now()
    secret = credentials.issue(one, actor=actor_of(cast.admin)).secret
    for number in range(2):
        SecretSource.objects.create(
            secret=secret, address=f"10.0.0.{number}", first_seen_at=at, last_seen_at=at + timedelta(minutes=number)
        )
    ManagedIdentity.objects.filter(pk=one.pk).update(last_used_at=at)
    found = gathered(one)["lastUsed"]
    assert found["at"] == at.isoformat()
    assert [row["address"] for row in found["from"]] == ["10.0.0.1", "10.0.0.0"]


def test_what_breaks_without_it_but_not_the_roles_it_holds(cast) -> None:
    one = cast.identity(downstream_systems=["ledger", "bank"])
    register.grant(one, "run.read")
    found = gathered(one)["dependencies"]
    assert found["total"] == 2
    assert {row["label"] for row in found["items"]} == {"ledger", "bank"}


def test_what_changed_since_it_was_certified(cast) -> None:
    one = cast.identity()
    assert gathered(one)["changes"] == {"since": None, "by": None, "parts": [], "events": 0}
    decisions.decide(cast.item(one), decision="certify", reason="", actor=actor_of(cast.owner))
    assert gathered(one)["changes"]["parts"] == []
    ManagedIdentity.objects.filter(pk=one.pk).update(purpose="Something else")
    changed = gathered(one)["changes"]
    assert [part["part"] for part in changed["parts"]] == ["place"]
    assert changed["by"] == cast.owner.email


def test_its_open_findings(cast) -> None:
    one = cast.identity()
    for code, state in (("nhi1_dormant", "open"), ("nhi2_leaked", "resolved")):
        Finding.objects.create(
            tenant=cast.tenant, identity=one, code=code, category="NHI1", severity="high", evidence="x", state=state
        )
    assert gathered(one)["findings"] == [{"code": "nhi1_dormant", "severity": "high", "text": "x"}]


def test_many_cost_no_more_queries_than_one_but_for_what_breaks(cast, monkeypatch) -> None:
    monkeypatch.setattr(evidence, "dependencies_of", lambda identity: [])
    for _ in range(12):
        unused(cast.identity(), "run.read")
    rows = list(ManagedIdentity.objects.select_related("technical_owner", "owner_team"))
    counts = []
    for some in (rows[:1], rows):
        with CaptureQueriesContext(connection) as seen:
            evidence.gather(some, at=timezone.now())
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 12


def test_the_hash_is_of_the_content_alone() -> None:
    assert evidence.digest({"a": 1, "b": [2]}) == evidence.digest({"b": [2], "a": 1})
    assert evidence.digest({"a": 1}) != evidence.digest({"a": 2})
