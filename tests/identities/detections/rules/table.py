"""Each rule with facts that it holds something against, and facts that it lets pass."""

from dataclasses import replace
from datetime import date, timedelta

from identities.detections.account_facts import AccountFact
from identities.detections.facts import IdentityFacts
from identities.inventory.standards import standards_from
from tests.identities.detections.rules.cases import (
    AT,
    BUSINESS,
    GONE,
    KEY_ID,
    KEY_LIKE,
    SECRET_LIKE,
    TECHNICAL,
    UNMATCHED,
    ago,
    ahead,
    binding,
    foreseen,
    healthy,
    key,
    leak,
    reads,
    secret,
    shared,
    vendor,
    works,
)

LOOSE = "https://token.actions.githubusercontent.com"
NAMED = standards_from({"naming": {"workload": "[a-z]+-(prod|dev)-[a-z]+"}})
OAUTH = {"kind": "oauth_client", "auth_method": "oauth_delegated", "reported_by": ("entra/t1",)}
STATIC = {"auth_method": "static_api_key", "upstream_trust_source": ""}

#: code → (facts that are found, facts that pass)
TABLE: dict[str, tuple[list[IdentityFacts], list[IdentityFacts]]] = {
    "NHI1-ORPHAN": (
        [
            healthy(owners=(), team="", team_answers=False),
            healthy(owners=(GONE, UNMATCHED), team_answers=False),
        ],
        [healthy(owners=()), healthy(owners=(GONE, BUSINESS), team_answers=False)],
    ),
    "NHI1-OWNER-LEFT": ([healthy(owners=(GONE, BUSINESS))], [healthy(owners=(UNMATCHED, TECHNICAL)), healthy()]),
    "NHI1-SHOWN-LEAVER": (
        [
            healthy(credentials=(secret(1, shown_to="gone@example.com", shown_at=ago(days=90)),)),
            healthy(state="disabled", credentials=(secret(1, shown_to="gone@example.com", shown_at=ago(days=90)),)),
        ],
        [
            healthy(credentials=(secret(1),)),
            healthy(credentials=(secret(1, is_live=False, shown_to="gone@example.com", shown_at=ago(days=90)),)),
        ],
    ),
    "NHI1-ENDED": (
        [healthy(expires_at=ago(days=1)), healthy(expires_at=AT, last_used_at=None)],
        [healthy(expires_at=ahead(seconds=1)), healthy(expires_at=None)],
    ),
    "NHI1-DORMANT": (
        [healthy(use_state="dormant", last_used_at=ago(days=300)), healthy(use_state="dormant", last_used_at=None)],
        [healthy(), healthy(use_state="unobserved", last_used_at=None)],
    ),
    "NHI1-VANISHED": ([healthy(unreported_since=ago(days=3))], [healthy()]),
    "NHI2-EXPOSED": (
        [healthy(credentials=(key(exposed_in="deploy/.env"),))],
        [healthy(credentials=(key(exposed_in="deploy/.env", is_live=False),)), healthy(credentials=(key(),))],
    ),
    "NHI2-LEAKED": (
        [
            healthy(leaks=(leak(),)),
            healthy(leaks=(leak(is_live=True),), credentials=(secret(2, created_at=ago(hours=1)),)),
            healthy(leaks=(leak(),), credentials=(secret(2, created_at=ago(days=20)),)),
            healthy(leaks=(leak(), leak(2)), credentials=(secret(2, created_at=ago(hours=1)),)),
            healthy(leaks=(leak(),), credentials=(key(created_at=ago(hours=1)),)),
            healthy(leaks=(leak(reported_at=ago(hours=23)),), credentials=(secret(2, created_at=ago(hours=1)),)),
            healthy(leaks=(leak(),), state="disabled"),
        ],
        [healthy(), healthy(leaks=(leak(),), credentials=(secret(2, created_at=ago(hours=1)),))],
    ),
    "NHI2-IN-RECORD": (
        [
            healthy(description=f"The key is {KEY_LIKE}"),
            healthy(tags={"note": f"postgres://app:{'hunter' * 2}@db/prod"}),
            healthy(downstream_systems=(SECRET_LIKE,)),
        ],
        [
            healthy(name=KEY_ID, credentials=(key(kind="access_key", label=KEY_ID),)),
            healthy(description="vault kv/finance/key"),
            healthy(tags={"arn": "arn:aws:iam::644160558196:user/x"}),
        ],
    ),
    "NHI3-OWNERS": (
        [vendor(owners=(TECHNICAL,)), vendor(owners=(GONE, BUSINESS))],
        [vendor(), healthy(owners=(TECHNICAL,))],
    ),
    "NHI3-REVOCATION": (
        [
            vendor(revocation_procedure=""),
            vendor(revocation_tested_at=None),
            vendor(revocation_tested_at=ago(days=366)),
        ],
        [vendor(), vendor(revocation_tested_at=ago(days=365)), healthy()],
    ),
    "NHI3-CONTRACT": (
        [vendor(vendor_renewal_on=date(2026, 3, 24), vendor_contract="C-7")],
        [vendor(vendor_renewal_on=AT.date()), vendor(vendor_renewal_on=None)],
    ),
    "NHI4-STATIC": (
        [
            healthy(**STATIC),
            healthy(kind="deploy_runner", reported_by=(), credentials=(key(),)),
            healthy(credentials=(key(kind="service_account_token"),)),
            healthy(kind="cloud_key", reported_by=("aws/644160558196",), credentials=(key(kind="access_key"),)),
        ],
        [
            healthy(),
            healthy(**STATIC, reported_by=()),
            vendor(reported_by=("github/acme",)),
            healthy(kind="database_user", **STATIC),
            healthy(credentials=(key(kind="certificate"),)),
        ],
    ),
    "NHI4-REFRESH": (
        [
            healthy(account=AccountFact("a-agent@x.org", failing_since=ago(hours=2), failing_reason="hash-mismatch")),
            healthy(account=AccountFact("a-agent@x.org", failing_since=AT, failing_reason="password-rotated")),
        ],
        [healthy(account=AccountFact("a-agent@x.org")), healthy()],
    ),
    "NHI4-PASSWORD": (
        [healthy(auth_method="password"), healthy(credentials=(key(kind="password", label="console"),))],
        [healthy(), healthy(credentials=(key(kind="password", is_live=False),))],
    ),
    "NHI4-VENDOR-SECRET": (
        [
            vendor(credentials=()),
            vendor(use_state="unobserved"),
            vendor(blast_radius="privileged"),
            vendor(credentials=(key(),)),
        ],
        [
            vendor(),
            vendor(blast_radius="", credentials=(key(stored_at="vault kv/x", scope=("read:invoices",)),)),
            vendor(auth_method="oauth_delegated", credentials=()),
            healthy(**STATIC),
        ],
    ),
    "NHI4-METHOD": (
        [
            healthy(auth_method="static_api_key", risk_tier="high"),
            healthy(kind="ai_agent", auth_method="static_api_key"),
        ],
        [
            healthy(),
            healthy(auth_method="unknown", risk_tier="high"),
            healthy(auth_method="human_shared_admin", risk_tier="high"),
        ],
    ),
    "NHI4-UNVERIFIED": (
        [healthy(upstream_trust_source=""), healthy(upstream_trust_source="", auth_method="vault_dynamic")],
        [
            healthy(),
            healthy(upstream_trust_source="", auth_method="mtls"),
            healthy(upstream_trust_source="", environment="staging"),
            vendor(),
        ],
    ),
    "NHI5-ADMIN": (
        [
            healthy(privilege_level="admin"),
            *(
                healthy(downstream_permissions=(name,))
                for name in ("*", "AdministratorAccess", "roles/owner", "cluster-admin", "Directory.ReadWrite.All")
            ),
        ],
        [
            healthy(privilege_level="high"),
            healthy(downstream_permissions=("s3:GetObject", "roles/storage.objectViewer", "Mail.Read")),
        ],
    ),
    "NHI5-UNUSED": (
        [
            healthy(bindings=(binding("run.read"),)),
            healthy(bindings=(binding("run.read", last_used_at=ago(days=91)),)),
        ],
        [
            healthy(bindings=(binding("run.read", last_used_at=ago(days=89)),)),
            healthy(bindings=(binding("run.read", valid_from=ago(days=10)),)),
            healthy(bindings=(binding(),)),
        ],
    ),
    "NHI5-UNREAD": (
        [
            healthy(grants=(reads(),)),
            healthy(grants=(reads(schedule="nightly", last_used_at=ago(days=31), cadence=timedelta(days=1)),)),
            healthy(grants=(reads(last_used_at=ago(days=63), cadence=timedelta(days=31)),)),
        ],
        [
            healthy(grants=(reads(since=ago(days=29)),)),
            healthy(grants=(reads(last_used_at=ago(days=29)),)),
            healthy(grants=(reads(last_used_at=ago(days=61), cadence=timedelta(days=31)),)),
            healthy(grants=(reads(cadence=timedelta(days=366)),)),
        ],
    ),
    "NHI5-MIXED": (
        [
            healthy(bindings=(binding("audit.read", "identity.write"),)),
            healthy(function="observe", downstream_permissions=("s3:PutObject",)),
            healthy(downstream_permissions=("s3:GetObject", "s3:PutObject")),
        ],
        [
            healthy(bindings=(binding("audit.read", "finding.read"),)),
            healthy(downstream_permissions=("s3:PutObject",)),
            healthy(downstream_permissions=("s3:GetObject", "s3:PutObject"), tags={"read-write-reason": "One bucket"}),
        ],
    ),
    "NHI5-CONSENTS": (
        [
            healthy(**OAUTH, downstream_permissions=("Mail.Read", "Files.ReadWrite.All")),
            healthy(**OAUTH, credentials=(key(kind="client_secret", scope=("calendars.read", "contacts.read")),)),
        ],
        [
            healthy(**OAUTH, downstream_permissions=("Mail.Read",)),
            healthy(
                **OAUTH,
                downstream_permissions=(
                    "Microsoft Graph: User.Read (delegated for everybody)",
                    "Microsoft Graph: openid (delegated for one person)",
                ),
            ),
            healthy(**OAUTH, purpose="Files each mail", downstream_permissions=("Mail.Read", "Files.ReadWrite.All")),
            healthy(downstream_permissions=("Mail.Read", "Files.ReadWrite.All")),
        ],
    ),
    "NHI6-TRUST": (
        [
            healthy(upstream_trust_source=LOOSE),
            healthy(upstream_trust_source=f"{LOOSE} subject=*"),
            healthy(upstream_trust_source=f"{LOOSE} subject=repo:acme/pay:*"),
            healthy(upstream_trust_source=f"{LOOSE} subject=repo:acme/pay:pull_request"),
            healthy(kind="deploy_runner", auth_method="unknown", upstream_trust_source="our CI"),
        ],
        [
            healthy(),
            healthy(upstream_trust_source=f"{LOOSE} subject=repo:acme/pay:environment:production"),
            healthy(upstream_trust_source=""),
            healthy(auth_method="mtls", upstream_trust_source="corporate CA"),
        ],
    ),
    "NHI7-AGE": (
        [
            healthy(credentials=(key(created_at=ago(days=91)),)),
            healthy(credentials=(key(is_ours=True, rotate_by=ago(days=1)),)),
            healthy(credentials=(key(kind="public_key", is_ours=True, rotate_by=ago(days=1)),)),
            healthy(credentials=(key(created_at=None, last_rotated_at=ago(days=181)),)),
            healthy(rotation_days=5, credentials=(key(kind="stored_secret"),)),
        ],
        [
            healthy(credentials=(key(created_at=ago(days=89)),)),
            healthy(credentials=(key(created_at=ago(days=900), last_rotated_at=ago(days=2)),)),
            healthy(credentials=(key(kind="certificate", created_at=ago(days=300)),)),
            healthy(credentials=(key(is_ours=True, created_at=ago(days=300), rotate_by=ahead(days=1)),)),
        ],
    ),
    "NHI7-NO-DATE": (
        [healthy(credentials=(key(created_at=None),))],
        [
            healthy(credentials=(key(),)),
            healthy(credentials=(key(created_at=None, expires_at=ahead(days=9)),)),
            healthy(credentials=(key(created_at=None, kind="federated"),)),
        ],
    ),
    "NHI7-NO-EXPIRY": (
        [healthy(credentials=(key(),)), healthy(credentials=(key(expires_at=AT.replace(year=9999)),))],
        [
            healthy(credentials=(key(expires_at=ahead(days=30)),)),
            healthy(credentials=(key(kind="access_key"),)),
            healthy(credentials=(key(kind="client_secret", is_ours=True),)),
        ],
    ),
    "NHI8-NAME": (
        [healthy(name="payroll-dev-runner"), healthy(name="PayrollStaging")],
        [
            healthy(name="payroll-prod-runner"),
            healthy(name="product-device-bot"),
            healthy(name="dev-to-prod-promoter"),
            healthy(name="payroll-dev-runner", environment=""),
        ],
    ),
    "NHI8-SPAN": (
        [
            healthy(tags={"env": "staging"}),
            healthy(credentials=(key(stored_at="kv/dev/payroll"),)),
            healthy(environment="staging", upstream_trust_source=f"{LOOSE} subject=repo:a/b:environment:production"),
        ],
        [
            healthy(tags={"env": "prod"}),
            healthy(credentials=(key(stored_at="kv/prod/payroll"),)),
            healthy(credentials=(key(stored_at="kv/shared/payroll"),)),
        ],
    ),
    "NHI8-PLACE": (
        [healthy(shared_places=(shared("staging"),))],
        [healthy(shared_places=(shared("production"),)), healthy(shared_places=(shared(""),)), healthy()],
    ),
    "NHI9-SECRET": ([healthy(shared_places=(shared("production"),))], [healthy()]),
    "NHI9-DEPARTMENTS": (
        [healthy(business_unit="Finance, Sales"), healthy(tags={"department": "Sales"})],
        [
            healthy(tags={"department": "finance"}),
            healthy(business_unit="Research and Development"),
            healthy(business_unit=""),
        ],
    ),
    "NHI9-SOURCES": (
        [healthy(reported_by=("aws/1", "aws/2"))],
        [healthy(reported_by=("aws/1", "terraform/x", "aws/1")), healthy(reported_by=())],
    ),
    "NHI9-WORKLOADS": (
        [
            healthy(workloads=works("wf-pay", "wf-report")),
            healthy(workloads=(*works("a", team="A"), *works("b"))),
            healthy(workloads=works("a", "b"), risk_tier="low", shared_until=AT),
            healthy(workloads=works("a", "b"), risk_tier="medium", shared_until=ahead(days=1)),
            healthy(
                workloads=works("a", "b"),
                risk_tier="low",
                shared_until=ahead(days=1),
                bindings=(binding("writer", "schedule.write"),),
            ),
        ],
        [
            healthy(workloads=works("wf-pay", "wf-pay")),
            healthy(),
            healthy(workloads=works("a", "b"), risk_tier="low", shared_until=ahead(days=1), bindings=()),
        ],
    ),
    "NHI10-PERSONAL": (
        [healthy(ownership_class="human"), healthy(namesake="ann@example.com")],
        [healthy(), vendor()],
    ),
    "NHI10-UNMARKED": (
        [
            healthy(account=AccountFact("sync-agent@example.com", is_agent=False)),
            healthy(account=AccountFact("sync-agent@example.com", is_agent=False), state="disabled"),
        ],
        [
            healthy(account=AccountFact("sync-agent@example.com")),
            healthy(account=AccountFact("sync-agent@example.com", is_agent=False, is_active=False)),
            healthy(),
        ],
    ),
    "NHI10-SHARED-ADMIN": ([healthy(auth_method="human_shared_admin")], [healthy(privilege_level="admin")]),
    "HYGIENE-NAME": (
        [healthy(standards=NAMED)],
        [healthy(), healthy(standards=NAMED, name="pay-prod-runner"), healthy(standards=NAMED, kind="bot")],
    ),
    "HYGIENE-PREFLIGHT": ([healthy(foreseen=(foreseen(days=1),))], [healthy()]),
    "HYGIENE-TAGS": (
        [replace(healthy(), business_unit=""), healthy(ticket="", expires_at=None), healthy(owners=(UNMATCHED,))],
        [healthy()],
    ),
}
