"""The identity policy: what it says where a tenant says nothing, and what a tenant may say."""

from typing import Any

import pytest

from audit.models import AuditEvent
from identities.errors import Invalid
from identities.inventory import services as inventory
from identities.inventory.models import TenantStandards
from identities.inventory.standards import DEFAULTS, as_rules, laid_over, standards_from
from identities.inventory.standards_rows import standards_of, standards_of_each
from identities.inventory.vocabulary import AuthMethod, Kind, RiskTier
from tests.factories import register

WEAK = ("static_api_key", "long_lived_secret", "password", "human_shared_admin")


@pytest.mark.parametrize("kind", sorted(set(Kind.values) - set(DEFAULTS.auth_methods_by_kind)))
def test_each_tier_refuses_what_is_too_weak_for_it(kind: str) -> None:
    refused = {
        tier: {method for method in AuthMethod.values if not DEFAULTS.allows(method, kind=kind, tier=tier)}
        for tier in RiskTier.values
    }
    assert refused["high"] == set(WEAK)
    assert refused["medium"] == {"password", "human_shared_admin"}
    assert refused["low"] == {"human_shared_admin"}


def test_agents_and_pipelines_hold_no_static_secret_and_a_vendors_product_may() -> None:
    for kind in ("ai_agent", "deploy_runner"):
        assert not any(DEFAULTS.allows(method, kind=kind, tier="low") for method in WEAK)
    assert DEFAULTS.allows("static_api_key", kind="saas_connector", tier="high")


@pytest.mark.parametrize("kind", Kind.values)
def test_what_is_unknown_is_accepted_and_a_shared_admin_never(kind: str) -> None:
    generous = standards_from({"auth_methods_by_kind": {kind: ["human_shared_admin"]}})
    for tier in RiskTier.values:
        assert DEFAULTS.allows("unknown", kind=kind, tier=tier)
        assert not generous.allows("human_shared_admin", kind=kind, tier=tier)


def test_rules_are_laid_over_key_by_key_and_taken_back_by_none() -> None:
    rules = laid_over({}, {"rotation_days": {"high": 14}, "naming": {"bot": "b-.+"}})
    assert standards_from(rules).rotation_days == {"low": 180, "medium": 90, "high": 14}
    rules = laid_over(rules, {"naming": {"bot": None}, "rotation_days": {"low": 100}})
    assert rules == {"rotation_days": {"high": 14, "low": 100}}
    assert laid_over(rules, {"rotation_days": None}) == {}


def test_an_empty_list_takes_a_kinds_own_rule_away() -> None:
    assert "webhook" not in standards_from({"auth_methods_by_kind": {"webhook": []}}).auth_methods_by_kind


def test_a_name_fits_whole_or_where_there_is_no_rule() -> None:
    rules = standards_from({"naming": {"bot": "[a-z]+-bot"}})
    assert rules.name_fits("pay-bot", kind="bot")
    assert not rules.name_fits("pay-bot 2", kind="bot")
    assert rules.name_fits("anything at all", kind="workload")


# The row


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rules", "member"),
    [
        ({"colour": "red"}, "colour"),
        ({"rotation_days": 30}, "rotation_days"),
        ({"rotation_days": {"huge": 3}}, "rotation_days.huge"),
        ({"rotation_days": {"high": 0}}, "rotation_days.high"),
        ({"review_days": {"low": True}}, "review_days.low"),
        ({"dormant_after_days": 3651}, "dormant_after_days"),
        ({"auth_methods": {"low": []}}, "auth_methods.low"),
        ({"auth_methods": {"low": ["smile"]}}, "auth_methods.low"),
        ({"auth_methods": {"low": ["human_shared_admin"]}}, "auth_methods.low"),
        ({"auth_methods_by_kind": {"bot": ["unknown"]}}, "auth_methods_by_kind.bot"),
        ({"auth_methods_by_kind": {"spaceship": ["mtls"]}}, "auth_methods_by_kind.spaceship"),
        ({"naming": {"bot": "(a+)+"}}, "naming.bot"),
        ({"naming": {"bot": "("}}, "naming.bot"),
        ({"what_counts": ""}, "what_counts"),
        ({"how_to_request": "bell\x07"}, "how_to_request"),
        ({"data_classifications": []}, "data_classifications"),
        ({"data_classifications": [7]}, "data_classifications"),
    ],
)
def test_a_rule_that_is_none_is_refused_by_name(rules: dict[str, Any], member: str) -> None:
    tenant = register.tenant()
    with pytest.raises(Invalid) as refused:
        inventory.change_standards(tenant_id=tenant.pk, rules=rules, actor=register.SYSTEM)
    assert refused.value.errors.keys() == {member}
    assert standards_of(tenant.pk) == DEFAULTS
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_a_change_is_recorded_and_in_force_for_its_tenant_alone() -> None:
    tenant, other = register.tenant(), register.tenant()
    rules = {"rotation_days": {"high": 14}, "naming": {"bot": "[a-z-]+"}}
    inventory.change_standards(tenant_id=tenant.pk, rules=rules, actor=register.SYSTEM, reason=" Agreed ")
    event = AuditEvent.objects.get(type="standards.changed")
    assert (event.tenant_id, event.reason) == (tenant.pk, "Agreed")
    assert event.changes.keys() == {"rotation_days", "naming"}
    assert event.changes["rotation_days"]["current"] == {"low": 180, "medium": 90, "high": 14}
    found = standards_of_each({tenant.pk, other.pk})
    assert (found[tenant.pk].rotation_days["high"], found[other.pk]) == (14, DEFAULTS)


@pytest.mark.django_db
def test_a_change_of_nothing_records_nothing() -> None:
    tenant = register.tenant()
    inventory.change_standards(tenant_id=tenant.pk, rules=as_rules(DEFAULTS), actor=register.SYSTEM)
    assert not AuditEvent.objects.filter(type="standards.changed").exists()


@pytest.mark.django_db
def test_create_takes_the_tenants_rules() -> None:
    tenant = register.tenant()
    rules = {"review_days": {"medium": 10}, "auth_methods": {"medium": ["mtls"]}}
    inventory.change_standards(tenant_id=tenant.pk, rules=rules, actor=register.SYSTEM)
    with pytest.raises(Invalid) as refused:
        register.identity(tenant, auth_method="federated")
    assert "Allowed: mtls, unknown." in refused.value.errors["auth_method"][0]
    made = register.identity(tenant, auth_method="mtls")
    assert made.review_by is not None
    assert (made.review_by - made.created_at.date()).days == 10


@pytest.mark.django_db
def test_a_row_holds_only_what_differs() -> None:
    tenant = register.tenant()
    inventory.change_standards(tenant_id=tenant.pk, rules={"dormant_after_days": 30}, actor=register.SYSTEM)
    assert TenantStandards.objects.get(tenant=tenant).rules == {"dormant_after_days": 30}
