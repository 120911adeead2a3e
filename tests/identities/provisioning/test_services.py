"""A document is planned, applied whole or not at all, and what was written out plans to nothing."""

from datetime import timedelta
from textwrap import dedent
from typing import Any

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import Role, RoleBinding
from identities.errors import Conflict, Invalid, Refused
from identities.inventory import bulk
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people.models import Team
from identities.provisioning import services
from identities.provisioning.planning import Risk, Verb
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from scheduling.models import Schedule
from tests.factories import people, register, runs, tokens

pytestmark = pytest.mark.django_db

BOT = Actor.system("tests")
UNTIL = "2031-03-31T00:00:00Z"
WHOLE = f"""\
version: 1
teams:
  - name: Payments
    email: payments@example.com
    members: [dana@example.com]
roles:
  - name: runner
    permissions: [workflow.execute, run.read]
identities:
  - name: payroll-bot
    environment: production
    purpose: Runs the payroll.
    technicalOwner: dana@example.com
    ownerTeam: Payments
    kind: cron_job
    privilegeLevel: low
    protocols: [https, sftp]
    expiresAt: 2031-03-31T02:00:00+02:00
    reviewBy: 2027-03-31
    tags: {{cost-centre: "42"}}
  - name: old-bot
    environment: staging
    purpose: Rests.
    state: disabled
bindings:
  - {{identity: payroll-bot, role: runner, validUntil: "{UNTIL}", reason: Payroll runs as it}}
"""


@pytest.fixture
def home():
    tenant = tokens.tenant()
    people.person(of=tenant, email="dana@example.com")
    return tenant


def apply(text, home, **more):
    return services.apply(dedent(text), tenant=home, actor=BOT, **({"allow_privilege": True} | more))


def plan(text, home):
    return services.plan(dedent(text), tenant=home)


def counts(home):
    return [model.objects.filter(tenant=home).count() for model in (Team, Role, ManagedIdentity)]


def test_what_widens_privilege_is_refused_whole_until_it_is_allowed(home):
    with pytest.raises(Refused, match="payroll-bot holds runner: gives it the role runner") as refused:
        apply(WHOLE, home, allow_privilege=False)
    assert refused.value.code == "widens_privilege"
    assert counts(home) == [0, 0, 0]


def test_one_entry_that_does_not_fit_undoes_all_and_is_named_with_its_line(home):
    text = WHOLE.replace("role: runner, validUntil", "role: unknown, validUntil")
    with pytest.raises(Invalid, match=r"Line \d+: bindings: payroll-bot holds unknown: role: There is no role"):
        apply(text, home)
    assert counts(home) == [0, 0, 0]
    assert not AuditEvent.objects.filter(type="provisioning.applied").exists()


def test_a_whole_document_is_applied_and_then_says_what_is(home):
    made = apply(WHOLE, home, reason="First load", commit="a" * 40)
    assert made.count(Verb.CREATE) == 5
    bot = ManagedIdentity.objects.get(tenant=home, name="payroll-bot")
    assert bot.technical_owner is not None
    assert bot.technical_owner.email == "dana@example.com"
    assert bot.owner_team == Team.objects.get(tenant=home)
    assert bot.protocols == ["https", "sftp"]
    assert ManagedIdentity.objects.get(tenant=home, name="old-bot").state == "disabled"
    assert RoleBinding.objects.get(identity=bot).reason == "Payroll runs as it"
    assert plan(WHOLE, home).actions == []


def test_commit_and_diff_are_kept_as_evidence(home):
    apply(WHOLE, home, reason="First load", commit="a" * 40)
    event = AuditEvent.objects.get(type="provisioning.applied")
    assert (event.reason, event.details["commit"], event.details["created"]) == ("First load", "a" * 40, 5)
    assert any("payroll-bot" in line for line in event.details["diff"])
    assert len(event.details["digest"]) == 64


def test_what_was_written_out_plans_to_nothing_and_can_be_made_anew_elsewhere(home):
    apply(WHOLE, home)
    text = services.export(home)
    assert services.plan(text, tenant=home).actions == []
    other = tokens.tenant()
    people.person(of=other, email="erin@example.com")
    services.apply(text.replace("dana@", "erin@"), tenant=other, actor=BOT, allow_privilege=True)
    again = services.export(other)
    assert services.plan(again, tenant=other).actions == []
    assert counts(other) == counts(home)


def test_what_an_import_left_unfinished_is_written_out_and_made_anew_as_it_is(home):
    facts = {"name": "root of 71", "kind": "cloud_key", "auth_method": "human_shared_admin", "technical_owner": "Ann"}
    bulk.enter_many(tenant_id=home.pk, entries=[bulk.Entry(facts=facts, source="aws/71")], actor=BOT, at=timezone.now())
    document = services.export(tenant=home)
    assert services.plan(document, tenant=home).actions == []
    elsewhere = register.tenant()
    services.apply(document, tenant=elsewhere, actor=BOT, allow_privilege=True)
    made = ManagedIdentity.objects.get(tenant=elsewhere, name="root of 71")
    assert (made.environment, made.review_by, made.technical_owner_label, made.triage) == ("", None, "Ann", "red")
    assert services.plan(document, tenant=elsewhere).actions == []


def test_an_identity_of_others_with_a_team_that_nobody_made_is_refused(home):
    wrong = "version: 1\nidentities:\n  - {name: x, issuance: external, ownerTeam: Nobody}\n"
    with pytest.raises(Invalid):
        services.apply(wrong, tenant=home, actor=BOT)


def test_every_member_survives_the_round_trip(home):
    facts: dict[str, Any] = {
        "function": "sync", "trust_boundary": "regulated_data", "blast_radius": "write_limited",
        "business_criticality": "critical", "internet_exposed": True, "customer_facing": True, "risk_tier": "high",
        "auth_method": "federated", "upstream_trust_source": "ci.example.com subject=repo:a/b",
        "upstream_dependencies": ["ledger: prod"], "downstream_systems": ["mail", "# not a comment"],
        "downstream_permissions": ["s3:Get*"], "deprovisioning_trigger": "Contract ends\nor before",
        "revocation_procedure": "Call the bank: now", "disable_strategy": "staged", "rotation_interval_days": 30,
        "expected_cadence": "PT5M", "expires_at": timezone.now() + timedelta(days=9), "ticket": "OPS-1",
        "repository": "git@example.com:a/b", "business_unit": "Finance", "application": "yes",
        "vendor_contract": "0123", "vendor_renewal_on": "2027-01-01", "tags": ["b", "a"], "description": "on",
        "business_owner": "Somebody not matched", "data_classification": "~",
    }  # fmt: skip
    register.identity(home, **facts)
    assert services.plan(services.export(home), tenant=home).actions == []


def test_the_document_of_an_estate_with_schedules_and_stored_secrets_is_empty_too(home):
    vaults.ensure_default()
    bot = register.identity(home, name="bot")
    lifecycle.issue_secret(bot, actor=BOT, store_at=SecretReference("local", "local://default", "bot-secret"))
    running = runs.workflow(of=home, key="wf-a")
    runs.schedule(running=running, managed_identity_id=bot.pk, name="nightly", cron_expression="0 2 * * *")
    runs.schedule(
        running=running, name="of nobody", is_enabled=False, next_run_at=None, input_data={"a": "{{schedule.id}}"}
    )
    text = services.export(home)
    assert "bot-secret" in text
    assert "nhi_" not in text
    assert services.plan(text, tenant=home).actions == []
    Schedule.objects.filter(name="nightly").update(cron_expression="0 3 * * *", jitter_seconds=9)
    (action,) = services.plan(text, tenant=home).actions
    assert {change.member for change in action.changes} == {"cron_expression"}
    services.apply(text, tenant=home, actor=BOT)
    assert Schedule.objects.get(name="nightly").cron_expression == "0 2 * * *"


def test_a_secret_reference_makes_a_secret_and_puts_it_there_unseen(home):
    vaults.ensure_default()
    text = """\
        version: 1
        identities:
          - {name: bot, environment: staging, purpose: x}
        secretReferences:
          - {identity: bot, provider: local, vaultUri: "local://default", secretName: bot-secret}
        """
    apply(text, home)
    bot = ManagedIdentity.objects.get(tenant=home, name="bot")
    assert bot.secrets.get().stored_at["secretName"] == "bot-secret"
    assert plan(text, home).actions == []
    assert bot.secrets.count() == 1


def test_a_plan_says_what_from_to_why_and_risk_and_changes_nothing(home):
    apply(WHOLE, home)
    before = AuditEvent.objects.count()
    text = WHOLE.replace("privilegeLevel: low", "privilegeLevel: admin").replace(
        "[workflow.execute, run.read]", "[workflow.execute]"
    )
    found = plan(text, home)
    role, bot = found.actions
    assert [(change.before, change.after) for change in bot.changes] == [("low", "admin")]
    assert (bot.weight.risk, role.weight.risk) == (Risk.HIGH, Risk.LOW)
    assert bot.weight.widens == ("raises its privilege to admin",)
    services.rehearse(found, tenant=home, actor=BOT)
    assert AuditEvent.objects.count() == before
    assert ManagedIdentity.objects.get(tenant=home, name="payroll-bot").privilege_level == "low"


def test_a_rehearsal_finds_what_the_comparison_cannot(home):
    found = plan(
        "version: 1\nidentities: [{name: a, environment: staging, purpose: x, ownershipClass: vendor}]\n", home
    )
    with pytest.raises(Invalid, match=r"Line 2: identities: a: .*revocation_procedure"):
        services.rehearse(found, tenant=home, actor=BOT)
    assert counts(home) == [0, 0, 0]


def test_what_the_document_is_silent_about_is_left_alone(home):
    apply(WHOLE, home)
    apply("version: 1\nidentities: [{name: Payroll-Bot, ticket: OPS-2}]\n", home)
    bot = ManagedIdentity.objects.get(tenant=home, name__iexact="payroll-bot")
    assert (bot.ticket, bot.kind, bot.purpose) == ("OPS-2", "cron_job", "Runs the payroll.")
    assert ManagedIdentity.objects.filter(tenant=home).count() == 2


def test_another_end_of_a_binding_ends_the_old_one_and_begins_anew(home):
    apply(WHOLE, home)
    shorter = WHOLE.replace(UNTIL, "2030-01-01T00:00:00Z")
    found = plan(shorter, home)
    assert found.widening == []
    apply(shorter, home, allow_privilege=False)
    old, new = RoleBinding.objects.filter(identity__tenant=home).order_by("created_at")
    assert old.ended_at is not None
    assert new.valid_until.year == 2030
    assert len(plan(WHOLE, home).widening) == 1


def test_drift_tells_what_differs_and_what_nobody_wrote_down(home):
    apply(WHOLE, home)
    assert services.drift(WHOLE, tenant=home).is_none
    register.identity(home, name="stray")
    Role.objects.filter(tenant=home).update(description="Changed by hand")
    found = services.drift(WHOLE, tenant=home)
    assert list(found.unlisted) == [("identities", "stray")]
    assert not found.is_none


def test_one_thing_twice_is_refused_with_both_lines(home):
    with pytest.raises(Invalid, match="Line 4: identities: 'A' stands on line 3 already"):
        plan("version: 1\nidentities:\n- {name: a}\n- {name: A}\n", home)


def test_another_tenants_things_are_neither_seen_nor_changed(home):
    theirs = register.identity(tokens.tenant(), name="payroll-bot")
    apply(WHOLE, home)
    theirs.refresh_from_db()
    assert theirs.kind == "workload"
    assert "payroll-bot" not in services.export(tokens.tenant())


def test_a_retired_identity_is_not_brought_back_but_made_anew(home):
    apply(WHOLE, home)
    bot = ManagedIdentity.objects.get(tenant=home, name="payroll-bot")
    lifecycle.retire(bot, reason="Done", actor=BOT)
    with pytest.raises(Conflict):
        lifecycle.enable(bot, reason="Again", actor=BOT)
    apply(WHOLE, home)
    assert ManagedIdentity.objects.filter(tenant=home, name="payroll-bot").count() == 2
