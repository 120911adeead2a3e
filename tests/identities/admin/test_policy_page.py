"""The policy on one page: read by all, changed by an ADMIN with a reason, previewed first, recorded."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from identities.admin.policy_forms import PolicyForm
from identities.inventory.models import ManagedIdentity, TenantStandards
from identities.inventory.standards import DEFAULTS
from identities.inventory.standards_rows import standards_of
from identities.people.models import PortalRole
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db
PAGE, EDIT = "/admin/policy/", "/admin/policy/edit/"


@pytest.fixture
def admin():
    return people.person()


def sent(**changes):
    import json

    values = PolicyForm.initial_of(DEFAULTS)
    for name in ("auth_methods_by_kind", "naming"):
        values[name] = json.dumps(values[name])
    return {**values, "reason": "the board said so", "seen": "", **changes}


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_who_does_not_govern_reads_it_and_changes_nothing(role):
    client = pages.signed_in(people.person(role=role))
    assert client.get(EDIT).status_code in {302, 403}
    assert client.post(EDIT, sent()).status_code in {302, 403}
    assert not TenantStandards.objects.exists()
    assert client.get(PAGE).context["ways"] == []


def test_it_says_what_is_in_force(admin):
    text = pages.signed_in(admin).get(PAGE).content.decode()
    assert DEFAULTS.how_to_request in text
    assert "every 30 days" in text
    assert "eliminate" in text
    assert "nobody has changed them" in text


def test_the_page_costs_few_queries(admin):
    client = pages.signed_in(admin)
    with CaptureQueriesContext(connection) as found:
        client.get(PAGE)
    assert len(found) <= 5


def test_a_change_needs_a_reason_and_fitting_values(admin):
    client = pages.signed_in(admin)
    for wrong in (
        {"reason": ""},
        {"rotation_days_high": "0"},
        {"naming": "{"},
        {"naming": '["x"]'},
        {"naming": '{"bot": "("}'},
    ):
        answer = client.post(EDIT, sent(**wrong))
        assert answer.status_code == 422, wrong
    assert not AuditEvent.objects.filter(type="standards.changed").exists()


def test_a_preview_saves_nothing_and_says_whom_it_puts_in_the_wrong(admin):
    tokens.identity(of=admin.tenant, auth_method="static_api_key")
    client = pages.signed_in(admin)
    answer = client.post(EDIT, sent(rotation_days_high="20", auth_methods_medium=["federated"], preview="1", reason=""))
    text = answer.content.decode()
    assert "What would change" in text
    assert "1 identities would no longer" in text
    assert not TenantStandards.objects.exists()


def test_a_change_is_in_force_at_once_and_recorded_with_its_reason(admin):
    client = pages.signed_in(admin)
    answer = client.post(EDIT, sent(rotation_days_high="20", naming='{"bot": "bot-[a-z]+"}'))
    assert answer.status_code == 302, answer.context["form"].errors
    standards = standards_of(admin.tenant_id)
    assert standards.rotation_days["high"] == 20
    assert standards.rotation_days["low"] == DEFAULTS.rotation_days["low"]
    assert not standards.name_fits("robot", kind="bot")
    event = AuditEvent.objects.get(type="standards.changed")
    assert (event.reason, event.actor_id) == ("the board said so", str(admin.pk))
    assert "every 20 days" in client.get(PAGE).content.decode()


def test_a_rule_of_a_kind_is_taken_out_again(admin):
    client = pages.signed_in(admin)
    client.post(EDIT, sent(naming='{"bot": "bot-[a-z]+"}'))
    seen = TenantStandards.objects.get().updated_at.isoformat()
    kinds = '{"ai_agent": ["federated"]}'
    assert client.post(EDIT, sent(naming="{}", auth_methods_by_kind=kinds, seen=seen)).status_code == 302
    standards = standards_of(admin.tenant_id)
    assert dict(standards.naming) == {}
    assert dict(standards.auth_methods_by_kind) == {"ai_agent": ("federated",)}


def test_two_who_edit_at_once_do_not_write_over_each_other(admin):
    client = pages.signed_in(admin)
    client.post(EDIT, sent(rotation_days_high="20"))
    assert client.post(EDIT, sent(rotation_days_high="25", seen="2020-01-01T00:00:00+00:00")).status_code == 422
    assert standards_of(admin.tenant_id).rotation_days["high"] == 20


def test_every_tenant_has_its_own(admin):
    pages.signed_in(admin).post(EDIT, sent(rotation_days_high="20"))
    assert "every 30 days" in pages.signed_in(people.person()).get(PAGE).content.decode()
    assert ManagedIdentity.objects.count() == 0


def test_of_every_tenant_there_is_no_policy():
    boss = people.platform_admin()
    people.tenant()
    client = pages.signed_in(boss)
    client.post("/admin/tenant/", {"tenant": "every"})
    assert "Choose a tenant first" in client.get(PAGE).content.decode()
    assert client.get(EDIT)["Location"] == PAGE
