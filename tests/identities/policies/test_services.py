"""Policies are kept only when they hold."""

import pytest

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.people.models import Tenant
from identities.policies import services as policies
from identities.policies.models import ResourcePolicy
from tests.factories import register, runs
from tests.identities.policies.test_engine import NIGHT, WEEKEND

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def keep(tenant: Tenant, name: str = "Rules", text: str = WEEKEND) -> ResourcePolicy:
    return policies.create_policy(tenant_id=tenant.pk, name=name, text=text, actor=register.SYSTEM)


def test_text_that_does_not_hold_is_not_kept(tenant: Tenant) -> None:
    with pytest.raises(Invalid) as refused:
        keep(tenant, text="permit (principal, action, resource);")
    assert "text" in refused.value.errors
    assert not ResourcePolicy.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 121, "a\nb"])
def test_a_name_is_asked_for(tenant: Tenant, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        keep(tenant, name=name)
    assert "name" in refused.value.errors


def test_a_name_is_taken_once_in_a_tenant(tenant: Tenant) -> None:
    keep(tenant)
    with pytest.raises(Invalid):
        keep(tenant)
    keep(register.tenant())


def test_a_refused_change_leaves_the_text(tenant: Tenant) -> None:
    kept = keep(tenant)
    with pytest.raises(Invalid):
        policies.change_policy(kept, text="permit", actor=register.SYSTEM)
    assert ResourcePolicy.objects.get().text == WEEKEND


def test_a_policy_in_use_is_not_removed(tenant: Tenant) -> None:
    kept = keep(tenant)
    runs.workflow(of=tenant, resource_policy=kept)
    with pytest.raises(Conflict):
        policies.remove_policy(kept, actor=register.SYSTEM)


def test_each_change_is_recorded_with_before_and_after(tenant: Tenant) -> None:
    kept = keep(tenant)
    first_hash = kept.content_hash
    changed = policies.change_policy(kept, text=NIGHT, actor=register.SYSTEM, reason="Nights are for sleeping")
    policies.remove_policy(changed, actor=register.SYSTEM)
    types = list(AuditEvent.objects.order_by("id").values_list("type", flat=True))
    assert types == ["policy.created", "policy.changed", "policy.removed"]
    assert AuditEvent.objects.get(type="policy.changed").changes["text"] == {"previous": WEEKEND, "current": NIGHT}
    assert changed.content_hash != first_hash
