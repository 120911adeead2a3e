"""What is suggested, and why."""

from dataclasses import dataclass
from itertools import product

import pytest

from identities.inventory.suggestions import suggest_auth_methods, suggest_tier
from identities.inventory.vocabulary import AuthMethod, BlastRadius, Function, Kind, TrustBoundary

NEVER = {AuthMethod.STATIC_API_KEY, AuthMethod.PASSWORD, AuthMethod.HUMAN_SHARED_ADMIN, AuthMethod.UNKNOWN}


@dataclass(frozen=True)
class Thing:
    kind: str = "workload"
    ownership_class: str = "workload"
    function: str = ""
    trust_boundary: str = ""
    blast_radius: str = ""
    privilege_level: str = ""
    data_classification: str = ""
    business_criticality: str = ""
    internet_exposed: bool = False


@pytest.mark.parametrize(
    ("thing", "tier", "because"),
    [
        (Thing(), "", "blast radius"),
        (Thing(function="observe", trust_boundary="internal"), "", "blast radius"),
        (Thing(blast_radius="privileged"), "high", "privileged"),
        (Thing(blast_radius="human_impersonating"), "high", "as a person"),
        (Thing(privilege_level="admin"), "high", "admin"),
        (Thing(trust_boundary="regulated_data"), "high", "regulated data"),
        (Thing(business_criticality="critical"), "high", "stands still"),
        (Thing(blast_radius="write_limited", internet_exposed=True), "high", "internet"),
        (Thing(blast_radius="write_limited", data_classification="Personal data"), "high", "Personal data"),
        (Thing(blast_radius="write_limited"), "medium", "writes"),
        (Thing(blast_radius="read_only", internet_exposed=True), "medium", "internet"),
        (Thing(blast_radius="read_only", data_classification="confidential"), "medium", "confidential"),
        (Thing(blast_radius="read_only", function="deploy"), "medium", "deploy"),
        (Thing(blast_radius="read_only", kind="saas_connector"), "medium", "third party"),
        (Thing(blast_radius="read_only", trust_boundary="internal", function="observe"), "low", "reads only"),
        (Thing(privilege_level="low"), "low", "may do little"),
    ],
)
def test_the_tier_follows_from_what_is_said_and_says_why(thing, tier, because):
    suggested = suggest_tier(thing)
    assert suggested.value == tier
    assert because in suggested.reason


def test_a_wider_reach_never_lowers_the_tier():
    order = ["", "low", "medium", "high"]
    for function, boundary in product([*Function, ""], [*TrustBoundary, ""]):
        tiers = [
            order.index(suggest_tier(Thing(function=function, trust_boundary=boundary, blast_radius=radius)).value)
            for radius in BlastRadius
        ]
        assert tiers == sorted(tiers), (function, boundary)


@pytest.mark.parametrize(
    ("thing", "first"),
    [
        (Thing(function="deploy"), "federated"),
        (Thing(kind="ai_agent"), "agent_broker"),
        (Thing(function="decide"), "agent_broker"),
        (Thing(trust_boundary="third_party_saas"), "oauth_delegated"),
        (Thing(blast_radius="human_impersonating"), "oauth_delegated"),
        (Thing(), "federated"),
    ],
)
def test_the_best_fit_stands_first(thing, first):
    assert suggest_auth_methods(thing)[0].value == first


def test_no_lasting_secret_is_ever_suggested_and_nothing_twice():
    for kind, function, boundary, radius in product(Kind, [*Function, ""], [*TrustBoundary, ""], [*BlastRadius, ""]):
        thing = Thing(kind=kind, function=function, trust_boundary=boundary, blast_radius=radius)
        methods = [suggested.value for suggested in suggest_auth_methods(thing)]
        assert methods
        assert len(methods) == len(set(methods))
        assert not set(methods) & NEVER
