"""The score, and what it is made of."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from identities.inventory.completeness import FIELDS, MANDATORY_TAGS, missing_of, missing_tags, score
from tests.factories.verdicts import external, facts

SPOILED: dict[str, dict[str, Any]] = {
    "owner": {"chain": ()},
    "environment": {"environment": ""},
    "purpose": {"purpose": ""},
    "auth_method": {"auth_method": "unknown"},
    "deprovisioning_trigger": {"deprovisioning_trigger": ""},
    "review_by": {"review_by": None},
    "upstream_trust_source": {"upstream_trust_source": ""},
    "downstream_permissions": {"downstream_permissions": ()},
    "rotation_interval_days": {"auth_method": "static_api_key"},
    "last_used_at": {"last_used_at": None},
    "application": {"application": ""},
    "business_unit": {"business_unit": ""},
    "ticket": {"ticket": ""},
    "kind": {"kind": ""},
}


def test_the_weights_make_a_hundred():
    assert sum(field.weight for field in FIELDS) == 100
    assert set(MANDATORY_TAGS) <= {field.member for field in FIELDS}


def test_everything_known_is_a_hundred():
    assert missing_of(facts()) == missing_of(external()) == []
    assert score([]) == 100


@pytest.mark.parametrize("member", sorted({field.member for field in FIELDS} - {"name"}))
def test_what_is_missing_is_named_and_costs_its_weight(member):
    missing = missing_of(external(**SPOILED[member]))
    weight = next(field.weight for field in FIELDS if field.member == member)
    assert member in [one.member for one in missing]
    assert score(missing) <= 100 - weight


@given(st.sets(st.sampled_from(sorted(SPOILED))))
def test_the_score_stays_within_its_bounds_and_the_heaviest_is_named_first(members):
    spoiled = {name: value for member in members for name, value in SPOILED[member].items()}
    missing = missing_of(external(**spoiled))
    assert 0 <= score(missing) <= 100
    weights = [one.weight for one in missing]
    assert weights == sorted(weights, reverse=True)


def test_a_repository_stands_for_no_ticket_among_the_tags():
    assert missing_tags(facts(ticket="", repository="shop/web")) == ["ticket"]
    assert missing_tags(facts()) == []
