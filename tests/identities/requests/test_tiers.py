"""The tier of a request: what it is for the five bundles, and that asking for less is never graver."""

import pytest
from hypothesis import given, strategies as st

from identities.access.bundles import BUNDLES
from identities.access.permissions import PERMISSIONS
from identities.inventory.vocabulary import Environment, RiskTier
from identities.requests.tiers import ORDER, Asked, blast_radius_of, weigh

ENVIRONMENTS = [environment.value for environment in Environment]
SAID = ["", "public", "internal", "customer records", "payment data", "regulated"]


def tier(key: str, environment: str = "development", **more: object) -> str:
    bundle = BUNDLES[key]
    asked = {"permissions": bundle.permissions, **more}
    return weigh(Asked(bundle=bundle, environment=environment, **asked)).tier  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "environment", "more", "expected"),
    [
        ("observability-bot", "development", {}, "low"),
        ("observability-bot", "production", {}, "medium"),
        ("observability-bot", "sandbox", {"customer_facing": True}, "high"),
        ("observability-bot", "staging", {"data_classification": "payment data"}, "medium"),
        ("deploy-bot", "sandbox", {}, "medium"),
        ("deploy-bot", "production", {}, "medium"),
        ("deploy-bot", "production", {"data_classification": "customer data"}, "high"),
        ("deploy-bot", "production", {"data_classification": "regulated"}, "high"),
        ("deploy-bot", "production", {"data_classification": "payment"}, "high"),
        ("crm-sync-bot", "staging", {}, "medium"),
        ("crm-sync-bot", "production", {}, "high"),
        ("llm-retrieval-agent", "production", {}, "medium"),
        ("data-export-agent", "production", {}, "high"),
        ("data-export-agent", "production", {"permissions": ("run.read",)}, "medium"),
        ("observability-bot", "development", {"at_least": "high"}, "high"),
    ],
)
def test_the_tier_says_how_much_is_asked_for(key, environment, more, expected):
    assert tier(key, environment, **more) == expected


def test_every_tier_is_explained_by_a_reason_of_its_own():
    bundle = BUNDLES["crm-sync-bot"]
    weighed = weigh(Asked(bundle=bundle, environment="production", permissions=bundle.permissions))
    assert weighed.reasons[0].tier == weighed.tier == RiskTier.HIGH
    assert "customer systems" in weighed.reasons[0].text
    assert any("CRM sync bot is of medium tier" in reason.text for reason in weighed.reasons)


def test_what_only_reads_has_a_small_blast_radius():
    bundle = BUNDLES["deploy-bot"]
    assert blast_radius_of(bundle, bundle.permissions) == "write_limited"
    assert blast_radius_of(bundle, ("run.read",)) == "read_only"


asked = st.builds(
    Asked,
    bundle=st.sampled_from(sorted(BUNDLES.values(), key=lambda bundle: bundle.key)),
    environment=st.sampled_from(ENVIRONMENTS),
    permissions=st.frozensets(st.sampled_from(sorted(PERMISSIONS))),
    data_classification=st.sampled_from(SAID),
    customer_facing=st.booleans(),
    at_least=st.sampled_from([tier.value for tier in RiskTier]),
)


def rank(one: Asked) -> int:
    return ORDER.index(weigh(one).tier)


def with_(one: Asked, **more: object) -> Asked:
    return Asked(**{**{name: getattr(one, name) for name in one.__slots__}, **more})


@given(asked, st.data())
def test_narrowing_permissions_never_raises_the_tier(one, data):
    fewer = data.draw(st.frozensets(st.sampled_from(sorted(one.permissions)))) if one.permissions else frozenset()
    assert rank(with_(one, permissions=fewer)) <= rank(one)


@given(asked)
def test_production_never_lowers_the_tier(one):
    assert rank(with_(one, environment="production")) >= rank(one)


@given(asked)
def test_customers_and_sensitive_data_never_lower_the_tier(one):
    assert rank(with_(one, customer_facing=True)) == ORDER.index(RiskTier.HIGH)
    assert rank(with_(one, data_classification="payment data")) >= rank(with_(one, data_classification=""))


@given(asked)
def test_no_tier_is_below_the_floor_of_its_bundle(one):
    assert rank(one) >= ORDER.index(one.bundle.floor)
