"""Schedules, runs, tokens, decisions, numbers by day, and the audit trail: what the machines did."""

from typing import TYPE_CHECKING

from benchmarks.pages.fill import SERIES, Bare, among, fill, key, run, text

if TYPE_CHECKING:
    from benchmarks.pages.seed import Size

SCHEDULES, WORKFLOWS, YEAR = 98_000, 980, 365 * 86_400
NODES = [{"id": "hello", "kind": "log", "params": {"message": "hello"}}]
#: One of two hundred is the fat identity's; the others are scattered over all of them.
WHOSE = "CASE WHEN n % 200 = 0 THEN 2 ELSE 1 + (n * 2654435761 / 65536) % {of} END"
TYPES = (
    *["token.issued"] * 9, "token.refused", "run.finished", "run.finished", "identity.changed", "identity.created",
    "credential.issued", "credential.revoked", "role_binding.granted", "finding.opened", "finding.resolved",
    "authorization.denied",
)  # fmt: skip


def make(size: "Size") -> None:
    """Runs of the last hundred days, the newest of the last hours; tokens half as many again as identities."""
    from benchmarks.pages.seed import model, person, tenant_of

    fill(
        model("scheduling.Workflow"), WORKFLOWS, tenant_id=tenant_of("n"), key="'wf-' || n", name="'Workflow ' || n",
        version="1", nodes=text(NODES), allowed_hosts=text([]), created_by="'person2@example.test'",
    )  # fmt: skip
    run(
        "INSERT INTO scheduling_workflowversion (workflow_id, version, definition, created_by, created_at) "
        f"SELECT id, version, {text({'nodes': NODES})}, '', now() FROM scheduling_workflow"
    )
    schedules = min(SCHEDULES, size.identities // 98 * 98)
    fill(
        model("scheduling.Schedule"), schedules, tenant_id=tenant_of("n"), workflow_id=f"1 + (n - 1) % {WORKFLOWS}",
        name="'schedule ' || n", cron_expression="'0 * * * *'", timezone="'UTC'", owner_id=person("n"),
        managed_identity_id=key("managedidentity", "n"), is_enabled="n % 10 <> 0",
        secret_reference=text({"provider": "local", "vaultUri": "local://default", "secretName": "path/of/1"}),
        next_run_at="CASE WHEN n % 10 <> 0 THEN now() + (n % 3600) * interval '1 second' END",
        created_at="now() - n * interval '1 minute'",
        blocked_since="CASE WHEN n % 900 = 1 THEN now() END", blocked_code="CASE WHEN n % 900 = 1 THEN "
        "'identity_not_active' ELSE '' END", blocked_reason="CASE WHEN n % 900 = 1 THEN 'It is disabled.' ELSE '' END",
    )  # fmt: skip
    runs = model("scheduling.ScheduleRun")
    begun = f"now() - ({size.runs} - n) * interval '{100 * 86_400 / size.runs} seconds'"
    among_them = f"{SERIES} CROSS JOIN LATERAL (SELECT {WHOSE.format(of=schedules)} AS i) AS whose"
    ended = f"CASE WHEN n > {size.runs - 40} THEN 'running' ELSE " + among(
        *["succeeded"] * 16, "failed", "refused", "skipped", "expired") + " END"  # fmt: skip
    with Bare(runs, model("scheduling.RunStep")):
        fill(
            runs, size.runs, among_them, tenant_id=tenant_of("i"), schedule_id=key("schedule", "i"),
            workflow_id=f"1 + (i - 1) % {WORKFLOWS}", workflow_key=f"'wf-' || (1 + (i - 1) % {WORKFLOWS})",
            workflow_version="1", trigger="'schedule'", scheduled_for=begun, state=ended,
            identity_id=key("managedidentity", "i"), started_at=begun, finished_at=begun, created_at=begun,
            reason="CASE WHEN n % 20 > 15 THEN 'The identity is disabled.' ELSE '' END", secret_reference=text({}),
            correlation_id="md5('c' || n)", attempt="1",
        )  # fmt: skip
        fill(
            model("scheduling.RunStep"), min(size.runs, 400_000) , f"{SERIES} CROSS JOIN LATERAL (SELECT {size.runs} "
            "- n / 4 AS i) AS whose", run_id=key("schedulerun", "i"), sequence="n % 4", name="'step ' || n % 4",
            kind="'log'", attempt="1", state="'succeeded'", started_at="now()", finished_at="now()", detail=text({}),
        )  # fmt: skip
    _asked(size)
    _numbers(size.identities)


def _asked(size: "Size") -> None:
    from benchmarks.pages.seed import model, tenant_of

    tokens = size.identities * 3 // 2
    token, decision = model("identities.IssuedToken"), model("identities.AuthorizationDecision")
    whose = f"{SERIES} CROSS JOIN LATERAL (SELECT {WHOSE.format(of=size.identities)} AS i) AS whose"
    at = f"now() - ({tokens} - n) * interval '{86_400 * 30 / tokens} seconds'"
    with Bare(token, decision):
        fill(
            token, tokens, whose, identity_id=key("managedidentity", "i"), kid="'kid'", scope="'portal'",
            issued_at=at, expires_at=f"{at} + interval '10 minutes'", address="'10.0.0.1'",
        )  # fmt: skip
        fill(
            decision, size.identities, whose, uuid=key("decision", "n"), tenant_id=tenant_of("i"),
            at=f"now() - ({size.identities} - n) * interval '{86_400 * 90 / size.identities} seconds'",
            actor_kind=among("identity", "identity", "identity", "person"), permission="'workflow.execute'",
            actor_id=key("managedidentity", "i") + "::text", actor_label="'svc-' || i", resource_kind="'workflow'",
            resource_id="'wf-' || (1 + i % 980)", outcome=among(*["allow"] * 9, "deny"), policy_ids=text([]),
            stage=among("guard", "api"), environment="'production'", correlation_id="md5('c' || n)",
        )  # fmt: skip


def _numbers(rows: int) -> None:
    """Forty days of counts for every tenant and team, as the counting keeps them."""
    from benchmarks.pages.seed import TEAMS, TENANTS, model, team, tenant_of
    from identities.programme.catalogue import MEASURES

    kept = {name: [rows // TENANTS, rows, 0] for name in MEASURES}
    daily = model("identities.DailySnapshot")
    # Each day is n % 40, each tenant n / 40; teams behind them.
    fill(
        daily, TENANTS * 40, id="n", day="(now() - (n % 40) * interval '1 day')::date", numbers=text(kept),
        taken_at="now() - (n % 40) * interval '1 day'", tenant_id=key("tenant", "1 + (n - 1) / 40"),
    )  # fmt: skip
    fill(
        daily, TEAMS * 40, f"generate_series({TENANTS * 40 + 1}, {TENANTS * 40} + {{rows}}) n CROSS JOIN LATERAL "
        f"(SELECT 1 + (n - {TENANTS * 40} - 1) / 40 AS i) AS whose", id="n", team_id=team("i"),
        day="(now() - (n % 40) * interval '1 day')::date", numbers=text(kept),
        taken_at="now() - (n % 40) * interval '1 day'", tenant_id=tenant_of("i"),
    )  # fmt: skip


def audit(size: "Size") -> None:
    """A year of audit, sealed up to the last few; one of two hundred events is about the fat identity."""
    from benchmarks.pages.seed import model, tenant_of

    event, seal = model("audit.AuditEvent"), model("audit.AuditSeal")
    whose = (
        f"{SERIES} CROSS JOIN LATERAL (SELECT {WHOSE.format(of=size.identities)} AS i OFFSET 0) AS numbered CROSS JOIN "
        f"LATERAL (SELECT {key('managedidentity', 'i')}::text AS it, {tenant_of('i')} AS its OFFSET 0) AS whose"
    )
    mac = f"'{'0123456789abcdef' * 4}'"
    with Bare(event, seal):
        fill(
            event, size.audit, whose, uuid="gen_random_uuid()", tenant_id="its", type=among(*TYPES),
            recorded_at=f"now() - ({size.audit} - n) * interval '{YEAR / size.audit} seconds'",
            outcome=among(*["success"] * 18, "failure", "denied"), actor_kind=among("identity", "identity", "identity",
            "person", "system"), actor_id="it", actor_label="'svc-' || i",
            actor_client_id="'mi_bench' || lpad(i::text, 14, '0')", subject_kind="'identity'",
            subject_id="it", subject_label="'svc-' || i",
            changes="CASE WHEN n % 20 = 0 THEN " + text({"state": {"previous": "active", "current": "disabled"}})
            + " ELSE '{}' END", details=text({"scope": "portal", "method": "client_secret_post"}),
            correlation_id="'c' || n::bigint * 7919 % 100000007", address="'10.0.0.1'", tag=mac,
            run_id=f"CASE WHEN n % 10 = 0 THEN {key('schedulerun', f'1 + n % {size.runs}')} END",
        )  # fmt: skip
        fill(seal, size.audit - 200, event_id="n", seq="n", mac=mac)
    sealed = size.audit - 200
    run("DELETE FROM audit_sealhead")
    fill(model("audit.SealHead"), 1, id="1", seq=str(sealed), swept_id=str(sealed))
    fill(model("audit.AuditVerification"), 1, id="1", finished_at="now()", sealed=str(sealed), unsealed="200",
         is_intact="true", message="'The chain is intact.'")  # fmt: skip
    fill(model("audit.AuditCheckpoint"), 500, id="n", seq=f"n * {max(1, sealed // 500)}", mac="md5('m' || n)",
         count=f"n * {max(1, sealed // 500)}", taken_at="now()", signature="md5('s' || n)")  # fmt: skip
