"""The estate the pages are asked about: a million identities and what belongs to them, made by SQL alone.

50 tenants, of which the first has half of everything; everybody who owns something is of the same tenant as the thing.
The identity with the number 2 is fat: one of two hundred audit events and of two hundred runs is its, and much else.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps

from benchmarks.pages import seed_governance, seed_work
from benchmarks.pages.fill import SERIES, Bare, Clock, among, fill, key, run

TENANTS, PEOPLE, TEAMS, ROLES = 50, 1_960, 490, 980
FAT, TYPICAL = 2, 6
WORK = ("payroll", "billing", "etl", "deploy", "crm-sync", "ledger", "mail", "audit")


@dataclass(frozen=True)
class Size:
    """How many of each."""

    identities: int
    runs: int
    audit: int


def model(name: str) -> Any:
    return apps.get_model(name)


def tenant_of(number: str) -> str:
    """The tenant of the thing with this number; the same for every number that is so many times 98 away."""
    return key("tenant", f"CASE WHEN ({number}) % 2 = 0 THEN 1 ELSE 2 + ((({number}) - 1) / 2) % 49 END")


def person(number: str) -> str:
    """Somebody of the same tenant as the thing with this number."""
    return key("user", f"1 + (({number}) - 1) % {PEOPLE}")


def team(number: str) -> str:
    return key("team", f"1 + (({number}) - 1) % {TEAMS}")


def make(size: Size) -> None:
    """Fill an empty, migrated database. The indexes of the large tables are made when their rows are there."""
    clock = Clock()
    for line in ("session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '1GB'",
                 "work_mem = '256MB'", "statement_timeout = 0"):  # fmt: skip
        run(f"SET {line}")
    _companies()
    clock.say("tenants, people, teams, roles")
    _register(size)
    clock.say(f"{size.identities:,} identities, their credentials and bindings")
    seed_governance.make(size)
    clock.say("findings, approvals, campaigns, notices, imports")
    seed_work.make(size)
    clock.say(f"{size.runs:,} runs with their schedules, tokens and decisions")
    seed_work.audit(size)
    clock.say(f"{size.audit:,} audit events")
    run("SET session_replication_role = origin")
    _search()
    clock.say("search")
    # As a system stands that was not filled a moment ago.
    run("VACUUM ANALYZE")
    _sequences()
    run("RESET ALL")
    clock.say("statistics")


def _companies() -> None:
    fill(model("identities.Tenant"), TENANTS, name="'Company ' || n", slug="'company-' || n")
    fill(
        model("identities.User"), PEOPLE, tenant_id=tenant_of("n"), email="'person' || n || '@example.test'",
        first_name="'Person'", last_name="'No ' || n", role=among("ADMIN", "ANALYST", "READ_ONLY", "AUDITOR"),
        is_active="n % 40 <> 0", is_agent="n % 20 = 4 AND n > 10", created_at="now() - n * interval '3 hours'",
        manager_id=f"CASE WHEN n > 98 THEN {key('user', 'n - 98')} END",
    )  # fmt: skip
    fill(
        model("identities.Team"), TEAMS, tenant_id=tenant_of("n"), name="'Team ' || n",
        email="'team' || n || '@example.test'",
    )  # fmt: skip
    run(
        "INSERT INTO identities_team_members (team_id, user_id) "
        f"SELECT {key('team', f'1 + (n - 1) % {TEAMS}')}, {key('user', 'n')} FROM {SERIES.format(rows=PEOPLE)}"
    )
    fill(
        model("identities.Role"), ROLES, tenant_id=tenant_of("n"), name="'role-' || n",
        description="'What unit ' || n || ' needs'",
        permissions="""'["identity.read", "workflow.execute", "run.read", "schedule.read"]'::jsonb""",
    )  # fmt: skip


def _register(size: Size) -> None:
    identity = model("identities.ManagedIdentity")
    with Bare(identity, model("identities.ClientSecret"), model("identities.RoleBinding")):
        _identities(identity, size.identities)
        _credentials(size)
    # Teams and ways of the fat one.
    reached = f"{SERIES} CROSS JOIN LATERAL (SELECT CASE WHEN n <= 2000 THEN {FAT} ELSE n END AS i) AS whose"
    fill(
        model("identities.SecretGrant"), size.identities // 4, reached, identity_id=key(identity, "i"),
        provider="'local'", vault_uri="'local://default'", secret_name="'path/of/' || (n % 5000)",
        state=among("granted", "granted", "granted", "asked", "refused"), reason="'reads it'",
        asked_by="'person' || (n % 1960) || '@example.test'", asked_at="now() - (n % 90000) * interval '1 minute'",
        valid_until="now() + (n % 200 - 30) * interval '1 day'", uses="n % 300",
    )  # fmt: skip
    fill(
        model("identities.VaultConnection"), 294, tenant_id=tenant_of("n"), name="'vault ' || n", provider="'local'",
        vault_uri="'local://' || n",
    )  # fmt: skip
    fill(
        model("identities.ResourcePolicy"), 980, tenant_id=tenant_of("n"), name="'policy-' || n",
        text="""'@id("no-nights-' || n || '") forbid (principal, action, resource) when { context.hour < 6 };'""",
    )  # fmt: skip


def _identities(identity: Any, rows: int) -> None:
    words = ", ".join(f"'{word}'" for word in WORK)
    owned = "n % 9 <> 0"
    fill(
        identity, rows, tenant_id=tenant_of("n"), client_id="'mi_bench' || lpad(n::text, 14, '0')",
        name=f"'svc-' || (ARRAY[{words}])[1 + n % 7 % 8] || '-' || n",
        description="'Identity ' || n || ' used by a job.'",
        kind=among(*[value for value, _ in identity._meta.get_field("kind").choices]),
        issuance=among("portal", "portal", "federated", "external"),
        environment=among("production", "production", "staging", "development", "sandbox"),
        purpose=f"'Moves the ' || (ARRAY[{words}])[1 + n % 7 % 8] || ' records of unit ' || n % 90 || ' every night.'",
        state=f"CASE WHEN n IN ({FAT}, {TYPICAL}) THEN 'active' ELSE "
        f"{among(*['active'] * 14, 'disabled', 'retired', 'paused', 'quarantined', 'requested', 'approved')} END",
        business_owner_label=f"CASE WHEN {owned} THEN 'person' || (1 + (n - 1) % {PEOPLE}) || '@example.test' "
        "ELSE '' END",
        technical_owner_id=f"CASE WHEN {owned} THEN {person('n')} END",
        business_owner_id=f"CASE WHEN {owned} THEN {person('n + 98')} END",
        owner_team_id=f"CASE WHEN n % 5 <> 0 THEN {team('n')} END",
        risk_tier=among("low", "low", "medium", "medium", "medium", "high", by=3),
        auth_method=among(*[value for value, _ in identity._meta.get_field("auth_method").choices], by=5),
        triage=among("red", "amber", "amber", "green", by=7),
        triage_reasons="""CASE WHEN n % 4 = 0 THEN '[]'::jsonb ELSE '[{"code": "no_owner", "colour": "red", """
        """"reason": "Nobody answers for it."}, {"code": "scope_unknown", "colour": "amber"}]' END""",
        use_state=among("used", "used", "dormant", "unobserved", by=11), is_orphaned=f"NOT ({owned})",
        completeness="20 + n % 80", business_unit="'unit ' || n % 60", application="'app' || n % 700",
        ticket="'SEC-' || n % 20000", reported_by="('[\"aws/' || lpad((n % 30)::text, 12, '0') || '\"]')::jsonb",
        last_used_at="CASE WHEN n % 4 <> 0 THEN now() - (n % 9000) * interval '1 hour' END",
        last_rotated_at="now() - (n % 400) * interval '1 day'", assessed_at="now()",
        rotate_by="now() + (n % 200 - 40) * interval '1 day'", reassess_at="now() + interval '30 days'",
        review_by="(now() + (n % 500 - 60) * interval '1 day')::date", created_at="now() - n * interval '30 seconds'",
        expires_at="CASE WHEN n % 3 = 0 THEN now() + (n % 700 - 50) * interval '1 day' END",
        paused_until="CASE WHEN n % 97 = 0 THEN now() + interval '3 days' END",
        certified_until="CASE WHEN n % 3 = 0 THEN now() + interval '90 days' END",
    )  # fmt: skip


def _credentials(size: Size) -> None:
    rows = size.identities
    # The first five hundred hang on the fat one.
    whose = f"{SERIES} CROSS JOIN LATERAL (SELECT CASE WHEN n <= 500 THEN {FAT} ELSE n END AS i) AS whose"
    identity = key("managedidentity", "i")
    fill(
        model("identities.ClientSecret"), rows * 6 // 10, whose, identity_id=identity,
        digest="md5('a' || n) || md5('b' || n)", hint="lpad((n % 9999)::text, 4, '0')",
        created_by="'person' || (n % 1960) || '@example.test'", created_at="now() - (n % 400) * interval '1 day'",
        rotate_by="now() + (n % 200 - 40) * interval '1 day'",
        revoked_at="CASE WHEN n % 8 = 0 THEN now() - interval '5 days' END", uses="n % 900",
        last_used_at="CASE WHEN n % 4 <> 0 THEN now() - (n % 9000) * interval '1 hour' END",
    )  # fmt: skip
    fill(
        model("identities.ExternalCredential"), rows * 3 // 10, whose, identity_id=identity,
        kind=among("access_key", "api_token", "certificate", "federated"), source="'aws/' || n % 30",
        external_id="'AKIA' || n", name="'key ' || n", is_active="n % 9 <> 0",
        created_at="now() - (n % 900) * interval '1 day'", expires_at="now() + (n % 300 - 20) * interval '1 day'",
        last_used_at="now() - (n % 9000) * interval '1 hour'", stored_at="'local://default#path/of/' || n % 5000",
    )  # fmt: skip
    fill(
        model("identities.RoleBinding"), rows, whose, identity_id=identity,
        role_id=key("role", f"1 + (i - 1 + CASE WHEN n <= 500 THEN n * 98 ELSE 0 END) % {ROLES}"),
        valid_from="now() - (n % 400 + 60) * interval '1 day'",
        valid_until="now() + (n % 300 - 40) * interval '1 day'", reason="'Needs it for unit ' || n % 90",
        granted_by="'person' || (n % 1960) || '@example.test'", created_at="now() - (n % 500000) * interval '1 minute'",
        ended_at="CASE WHEN n % 11 = 0 THEN now() - interval '9 days' END",
        last_used_at="CASE WHEN n % 3 = 0 THEN now() - (n % 900) * interval '1 hour' END",
    )  # fmt: skip


def _search() -> None:
    from identities.inventory import search_index, search_triggers

    search_index.remove()
    run(f"DROP INDEX IF EXISTS {search_triggers.INDEX}")
    search_index.install()


def _sequences() -> None:
    """Where numbers were given by hand, the next one is drawn behind them."""
    run(
        "DO $$ DECLARE t record; m bigint; BEGIN FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON "
        "a.attrelid = c.oid WHERE c.relkind = 'r' AND a.attname = 'id' AND a.attidentity <> '' AND "
        "c.relnamespace = 'public'::regnamespace LOOP EXECUTE format('SELECT coalesce(max(id), 0) + 1 FROM %I', "
        "t.relname) INTO m; PERFORM setval(pg_get_serial_sequence(t.relname, 'id'), m, false); END LOOP; END $$"
    )
