"""The finer filters and orders of the list of identities."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant, User
from tests.factories import register

pytestmark = pytest.mark.django_db
WHOLE: dict[str, Any] = {
    "function": "sync",
    "kind": "cron_job",
    "trust_boundary": "regulated_data",
    "blast_radius": "write_limited",
    "privilege_level": "medium",
    "business_criticality": "critical",
    "data_classification": "confidential",
    "disable_strategy": "staged",
    "internet_exposed": True,
    "customer_facing": True,
    "downstream_permissions": ["payments:create"],
    "business_unit": "Finance",
    "application": "Payroll",
    "ticket": "OPS-1",
    "expires_at": "2099-01-01T00:00:00Z",
    "review_by": "2098-12-01",
    "tags": {"team": "pay", "cost": "7"},
}


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def admin(tenant: Tenant) -> User:
    return register.person(tenant)


@pytest.fixture
def api(admin: User) -> APIClient:
    return register.client_of(admin)


def names(api: APIClient, query: str) -> list[str]:
    answer = api.get(f"/api/identities?ordering=name&{query}")
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()["results"]]


def test_the_finer_filters_find_what_they_say(tenant: Tenant, api: APIClient, admin: User) -> None:
    register.identity(tenant, name="a", **WHOLE)
    register.identity(tenant, name="b", business_owner=admin.email, tags=["team:pay", "loose"], ticket="T")
    register.identity(tenant, name="c", privilege_level="admin", expires_at="2030-01-01T00:00:00Z")
    register.imported(tenant, name="d", auth_method="static_api_key")
    ManagedIdentity.objects.filter(name="d").update(unreported_since=timezone.now())
    for query, found in {
        "function=sync": ["a"],
        "trustBoundary=regulated_data": ["a"],
        "blastRadius=write_limited": ["a"],
        "privilegeLevel=admin": ["c"],
        "businessCriticality=critical": ["a"],
        "authMethod=static_api_key": ["d"],
        "disableStrategy=staged": ["a"],
        "internetExposed=true": ["a"],
        "customerFacing=false": ["b", "c", "d"],
        "reasonCode=high_privilege": ["c"],
        "reasonCode=no_owner&triage=red": ["a", "c", "d"],
        "orphaned=false": [],
        "orphaned=true": ["a", "b", "c", "d"],
        "useState=unobserved&authMethod=static_api_key": ["d"],
        "useState=dormant": [],
        "missing=purpose": ["d"],
        "missing=reviewBy": ["d"],
        "missing=review_by": ["d"],
        "missing=businessUnit": ["b", "c", "d"],
        "missing=expiresAt": ["b", "d"],
        "missing=downstreamPermissions": ["b", "c", "d"],
        "source=aws/1": ["d"],
        "source=aws": ["d"],
        "source=aw": [],
        "notReported=true": ["d"],
        "notReported=false": ["a", "b", "c"],
        "tag=team:pay": ["a", "b"],
        "tag=cost:7": ["a"],
        "tag=cost": ["a"],
        "tag=loose": ["b"],
        "tag=pay": [],
        "businessUnit=FINANCE": ["a"],
        "application=payroll": ["a"],
        "ticket=ops-1": ["a"],
        "dataClassification=Confidential": ["a"],
        "expiresBefore=2031-01-01T00:00:00Z": ["c"],
        "reviewBefore=2090-01-01": ["b", "c"],
        "rotateBefore=2090-01-01T00:00:00Z": [],
    }.items():
        assert names(api, query) == found, query


@pytest.mark.parametrize(
    "query",
    ["missing=colour", "reasonCode=bad", "orphaned=perhaps", "triage=blue", "expiresBefore=soon", "reviewBefore=soon"],
)
def test_a_finer_filter_that_is_none_is_refused(api: APIClient, query: str) -> None:
    assert api.get(f"/api/identities?{query}").status_code == 400


@pytest.mark.parametrize("ordering", ["triage", "-triage", "completeness", "rotateBy", "-reviewBy", "riskTier"])
def test_a_deep_page_follows_the_first_in_every_order(
    tenant: Tenant,
    api: APIClient,
    ordering: str,
    django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        facts: dict[str, Any] = (
            {"privilege_level": "admin"} if number % 2 else {"ticket": f"T-{number}", "review_by": "2030-01-01"}
        )
        register.identity(tenant, name=f"n{number}", **facts)
    # Rows that have no value come after those that have one, and where a page crosses over they are asked for apart.
    most = 3 if ordering in {"rotateBy", "-reviewBy"} else 2
    seen, colours, url = [], [], f"/api/identities?ordering={ordering}&pageSize=2"
    while url:
        with django_assert_max_num_queries(most) if most == 3 else django_assert_num_queries(most):
            page = api.get(url).json()
        seen += [row["name"] for row in page["results"]]
        colours += [row["triage"] for row in page["results"]]
        url = page["next"]
    assert sorted(seen) == [f"n{number}" for number in range(5)]
    if "triage" in ordering:
        expected = sorted(colours, key=["red", "amber", "green"].index, reverse=ordering.startswith("-"))
        assert colours == expected
