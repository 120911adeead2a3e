"""A scope is filters as on the register's list: read strictly, counted, never beyond the tenant or the retired."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.detections.models import Finding
from identities.errors import Invalid
from identities.lifecycle import services as lifecycle
from identities.people.models import Tenant
from identities.recertification import scope
from tests.factories import people, register

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def tenant() -> Tenant:
    return people.tenant()


def names(tenant: Tenant, wanted: object) -> list[str]:
    return list(scope.identities(tenant.pk, scope.read(wanted)).order_by("name").values_list("name", flat=True))


@pytest.mark.parametrize(
    ("given", "member"),
    [
        ([], "scope"),
        ("production", "scope"),
        ({"planet": "mars"}, "scope.planet"),
        ({"environment": "mars"}, "scope.environment"),
        ({"riskTier": 3}, "scope.riskTier"),
        ({"riskTier": ["high", "huge"]}, "scope.riskTier"),
        ({"state": "retired"}, "scope.state"),
        ({"temporary": "perhaps"}, "scope.temporary"),
        ({"finding": "; drop table"}, "scope.finding"),
        ({"reasonCode": "no_such_code"}, "scope.reasonCode"),
        ({"missing": "pulse"}, "scope.missing"),
        ({"lastUsedBefore": "yesterday"}, "scope.lastUsedBefore"),
        ({"reviewBefore": "2026-13-01"}, "scope.reviewBefore"),
        ({"q": "x" * 300}, "scope.q"),
        ({"tag": ["a"] * 60}, "scope.tag"),
        ({"tenantId": "another"}, "scope.tenantId"),
        ({"planet": None}, "scope.planet"),
        ({"planet": ""}, "scope.planet"),
        ({"riskTier": None}, "scope.riskTier"),
        ({"riskTier": ""}, "scope.riskTier"),
        ({"riskTier": []}, "scope.riskTier"),
        ({"temporary": None}, "scope.temporary"),
    ],
)
def test_what_is_no_filter_is_refused_by_name(given, member) -> None:
    with pytest.raises(Invalid) as refused:
        scope.read(given)
    assert list(refused.value.errors) == [member]


def test_a_scope_is_kept_in_the_words_of_the_wire() -> None:
    given = {"risk_tier": "high", "ownerTeam": " Payroll ", "temporary": "true"}
    assert scope.read(given) == {"riskTier": "high", "ownerTeam": "Payroll", "temporary": True}


def test_it_never_reaches_beyond_the_tenant_nor_to_the_retired(tenant) -> None:
    register.identity(people.tenant(), name="foreign")
    register.identity(tenant, name="here")
    lifecycle.retire(register.identity(tenant, name="gone"), reason="over", actor=SYSTEM)
    assert names(tenant, {}) == ["here"]


def test_several_words_mean_any_of_them_and_several_filters_all(tenant) -> None:
    register.identity(tenant, name="a", environment="production", risk_tier="high")
    register.identity(tenant, name="b", environment="staging", risk_tier="high")
    register.identity(tenant, name="c", environment="production", risk_tier="low")
    register.identity(tenant, name="d", environment="production", risk_tier="medium")
    assert names(tenant, {"environment": "production", "riskTier": ["high", "low"]}) == ["a", "c"]


def test_it_asks_by_team_tag_end_and_open_finding(tenant) -> None:
    team = people.team(of=tenant, name="Payroll")
    at = timezone.now()
    register.identity(tenant, name="team", owner_team=team.name)
    register.identity(tenant, name="tagged", tags={"cost": "42"})
    register.identity(tenant, name="ends", expires_at=at + timedelta(days=3))
    found, closed = register.identity(tenant, name="found"), register.identity(tenant, name="was found")
    for one, state in ((found, "open"), (closed, "resolved")):
        Finding.objects.create(
            tenant=tenant,
            identity=one,
            code="nhi1_dormant",
            category="NHI1",
            severity="high",
            evidence="x",
            state=state,
        )
    assert names(tenant, {"ownerTeam": "payroll"}) == ["team"]
    assert names(tenant, {"tag": "cost:42"}) == ["tagged"]
    assert names(tenant, {"temporary": True}) == ["ends"]
    assert names(tenant, {"finding": "nhi1_dormant"}) == ["found"]
    assert scope.count(tenant.pk, {"temporary": False}) == 4


def test_in_words() -> None:
    assert scope.words({}) == "every identity"
    assert scope.words({"riskTier": ["high", "low"], "tag": "a:b"}) == "risk tier: high, low; tag: a:b"


def test_every_filter_that_is_no_text_answers_a_condition(tenant) -> None:
    for member, words in scope.WORDS.items():
        assert scope.count(tenant.pk, {member: list(words)}) == 0
    for member in scope.FLAGS:
        assert scope.count(tenant.pk, {member: True}) == 0
    moment = "2026-01-01T00:00:00Z"
    for member in ("last_used_before", "expires_before", "rotate_before"):
        assert scope.count(tenant.pk, {member: moment}) == 0
