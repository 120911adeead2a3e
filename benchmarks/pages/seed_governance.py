"""Findings, approvals, requests, campaigns, notices, imports: what people have to do with so many identities."""

from typing import TYPE_CHECKING

from benchmarks.pages.fill import Bare, among, fill, key, text

if TYPE_CHECKING:
    from benchmarks.pages.seed import Size

DAY, HOUR, MINUTE = "interval '1 day'", "interval '1 hour'", "interval '1 minute'"
RULES = ("NHI1-ORPHAN", "NHI1-DORMANT", "NHI5-UNUSED", "NHI7-AGE", "NHI7-NO-EXPIRY", "NHI4-STATIC", "NHI3-OWNERS")
EVIDENCE = {
    "owner": {"people": [{"role": "technicalOwner", "label": "person4@example.test", "isActive": True}]},
    "access": {"roles": [], "unused": [], "secretReferences": [], "elsewhere": []},
    "lastUsed": {"at": "2026-11-01T00:00:00Z", "useState": "used", "from": [], "runs": 3, "days": 90},
    "dependencies": {"total": 0, "items": []}, "changes": {}, "findings": [],
}  # fmt: skip

#: A case of succession has asked somebody from its first moment on.
ASKED = {
    "step": "deputy", "people": [], "labels": ["person2@example.test"], "asked_at": "2026-11-01T08:00:00+00:00",
    "due_at": "2026-11-02T08:00:00+00:00",
}  # fmt: skip


def make(size: "Size") -> None:
    """In proportion to the register: half as many findings, a tenth of the rest."""
    from benchmarks.pages.seed import model, person, tenant_of

    rows = size.identities
    one, mail = key("managedidentity", "n"), "'person' || (n % 1960) || '@example.test'"
    of = {"tenant_id": tenant_of("n"), "identity_id": one}
    finding = model("identities.Finding")
    with Bare(finding):
        fill(
            finding, rows // 2, **of, code=among(*RULES), category=f"split_part({among(*RULES)}, '-', 1)",
            severity=among("low", "medium", "medium", "high", "critical"),
            evidence="'Named are: person' || n || '@example.test (account disabled).'",
            owner_id=f"CASE WHEN n % 9 <> 0 THEN {person('n')} END",
            state=among("open", "open", "open", "resolved", "accepted", by=3),
            resolved_at=f"CASE WHEN {among('open', 'open', 'open', 'resolved', 'accepted', by=3)} = 'resolved' "
            f"THEN now() - (n % 90) * {DAY} END",
            first_seen_at=f"now() - (n % 300000) * {MINUTE}", opened_at=f"now() - (n % 300000) * {MINUTE}",
            last_seen_at="now()",
        )  # fmt: skip
    some = max(rows // 50, 1_000)
    fill(
        model("identities.ApprovalRequest"), some, **of, subject_kind="'role_binding'",
        subject_id=key("rolebinding", "n"), subject_label="'svc-' || n", summary="'Grant role to svc-' || n",
        content=text({"role": "role-1"}), content_hash="md5(n::text)", risk_tier="'medium'",
        needs=text(["approver"]), involved=text([]), requested_by=mail, requested_by_id=person("n") + "::text",
        state=among("pending", "approved", "approved", "rejected"), requested_at=f"now() - n * {MINUTE}",
        due_at=f"now() + (n % 10) * {DAY}",
    )  # fmt: skip
    for name in ("Elevation", "BreakGlassGrant"):
        more = {"valid_until": f"now() + {DAY}"} if name == "BreakGlassGrant" else {}
        states = (
            ("asked", "ended", "ended", "rejected") if name == "Elevation" else ("asked", "armed", "closed", "closed")
        )
        fill(
            model(f"identities.{name}"), some // 2, **of, role_id=key("role", "1 + (n - 1) % 980"), minutes="30",
            justification="'Needed now'", requested_by=mail, requested_at=f"now() - n * {MINUTE}",
            state=among(*states), owner_id=person("n"), **more,
        )  # fmt: skip
    fill(
        model("identities.IdentityRequest"), some, tenant_id=of["tenant_id"], name="'wanted-' || n", kind="'bot'",
        environment="'production'", purpose="'Moves records'", permissions=text(["run.read"]),
        expires_at=f"now() + 90 * {DAY}", requested_by=mail, requested_by_id=person("n") + "::text",
        requested_at=f"now() - n * {MINUTE}", risk_tier="'low'", technical_owner_id=person("n"),
        state=among("pending", "approved", "issued", "issued", "rejected"), bundle="'reader'",
    )  # fmt: skip
    fill(
        model("identities.PolicyException"), some, identity_id=one, kind=among("rotation_beyond_maximum",
        "shared_identity"), reason="'Agreed.'", granted_by=mail, granted_at=f"now() - (n % 100 + 1) * {DAY}",
        expires_at=f"now() + (n % 90) * {DAY}", owner_id=person("n"),
    )  # fmt: skip
    _stops(some, of, mail)
    _campaigns(rows, one)
    _owners(some, of, mail)
    _told(rows)
    _imported(rows)
    fill(
        model("identities.Replacement"), 98, tenant_id=tenant_of("n"), account_id=key("user", "n"),
        identity_id=key("managedidentity", "n + 98000"), permissions=text([]), not_covered=text([]),
        looked_back_days="90", state=among("moved", "cancelled"), reason="'A machine'", begun_by=mail,
        begun_at=f"now() - n * {DAY}", overdue_at=f"now() + n * {DAY}", ended_at="now()",
    )  # fmt: skip


def _stops(some: int, of: dict[str, str], mail: str) -> None:
    from benchmarks.pages.seed import model

    fill(
        model("identities.Quarantine"), some // 4, **of, cause=among("person", "leak", "detection", "drill"),
        reason="'Seen elsewhere'", previous_state="'active'", called_at=f"now() - n * {HOUR}", called_by=mail,
        contained_at=f"now() - n * {HOUR}", effects="'{}'", closed_at="CASE WHEN n % 50 <> 3 THEN now() END",
        complete_at="CASE WHEN n % 5 <> 0 THEN now() END",
    )  # fmt: skip
    fill(
        model("identities.QuarantineLine"), some, quarantine_id=key("quarantine", f"1 + (n - 1) % {some // 4}"),
        position=f"(n - 1) / {some // 4}", kind="'credential'", text="'Rotate it'", is_required="true",
        done_at="CASE WHEN n % 3 <> 0 THEN now() END",
    )  # fmt: skip
    fill(
        model("identities.Rotation"), some, identity_id=key("managedidentity", "n + 1000"),
        old_id=key("clientsecret", "n + 1000"), new_id=key("clientsecret", "n + 1098"), started_by=mail,
        state=among("issued", "distributed", "both_seen", "retired", "retired"), started_at=f"now() - n * {HOUR}",
        cutover_deadline=f"now() + (n % 20 - 8) * {DAY}", silent_seconds="3600", after_deadline="'alert'",
        delivery="'shown'", ended_at="CASE WHEN n % 10 <> 0 THEN now() END", watched_since="now()",
    )  # fmt: skip
    fill(
        model("identities.LeakReport"), some // 4, tenant_id=of["tenant_id"], door=among("pasted", "api", "partner"),
        source="'scanner'", where="'https://example.test/' || n", reported_by=mail, reported_at=f"now() - n * {HOUR}",
    )  # fmt: skip
    fill(
        model("identities.LeakMatch"), some // 4, report_id=key("leakreport", "n"), identity_id=of["identity_id"],
        secret_id=key("clientsecret", "n"), action=among("revoked", "quarantined", "none"), seconds="1.5",
    )  # fmt: skip


def _campaigns(rows: int, one: str) -> None:
    from benchmarks.pages.seed import model, person, tenant_of

    fill(
        model("identities.CampaignPlan"), 98, tenant_id=tenant_of("n"), name="'Plan ' || n", scope=text({}),
        every_days="90", answer_days="14", next_at=f"now() + n * {DAY}", is_enabled="true",
    )  # fmt: skip
    fill(
        model("identities.ReviewCampaign"), 490, tenant_id=tenant_of("n"), name="'Campaign ' || n", scope=text({}),
        state=f"CASE WHEN n <= 98 THEN 'open' ELSE {among('closed', 'closed', 'cancelled')} END",
        opened_at=f"now() - n * {DAY}", due_at=f"now() + (20 - n) * {DAY}", created_by="'person2@example.test'",
        closed_at="CASE WHEN n > 98 THEN now() END",
    )  # fmt: skip
    item = model("identities.ReviewItem")
    with Bare(item):
        fill(
            item, rows // 2, campaign_id=key("reviewcampaign", "1 + (n - 1) % 490"), identity_id=one,
            reviewer_id=person("n"), reviewer_label="'person' || (1 + (n - 1) % 1960) || '@example.test'",
            risk_tier=among("low", "medium", "medium", "high"), asks=text([]), evidence=text(EVIDENCE),
            evidence_at="now()", recommendation=among("certify", "certify", "reduce", "revoke"),
            recommendation_reason="'Used within 90 days.'",
            state="CASE WHEN (n - 1) % 490 < 98 AND n % 4 <> 0 THEN 'open' ELSE 'decided' END",
            decision="CASE WHEN (n - 1) % 490 < 98 AND n % 4 <> 0 THEN '' ELSE 'certify' END",
            decided_at="CASE WHEN (n - 1) % 490 < 98 AND n % 4 <> 0 THEN NULL ELSE now() - interval '2 days' END",
            remediation_state=among("not_needed", "not_needed", "not_needed", "done", "failed"),
            opened_at=f"now() - ((n - 1) % 490) * {DAY}",
        )  # fmt: skip


def _owners(some: int, of: dict[str, str], mail: str) -> None:
    from benchmarks.pages.seed import model, person

    fill(
        model("identities.SuccessionCase"), some, **of, leaver_id=person("n"), leaver_label=mail, cause="'left'",
        state=among("open", "settled", "settled", "moot"), step=among("deputy", "team", "manager", "security"),
        steps=text([ASKED]), opened_at=f"now() - n * {HOUR}", due_at=f"now() + (n % 9) * {DAY}",
    )  # fmt: skip
    fill(
        model("identities.OwnershipTransfer"), some, **of, role="'technical_owner'", receiver_id=person("n + 98"),
        reason="'Moves on'", state=among("asked", "accepted", "declined"), asked_by=mail,
        asked_at=f"now() - n * {HOUR}", due_at=f"now() + (n % 9) * {DAY}",
    )  # fmt: skip


def _told(rows: int) -> None:
    from benchmarks.pages.seed import model, person, tenant_of

    notice = model("identities.Notice")
    with Bare(notice):
        # Everybody has their share; the reviewer who looks, and the platform's admin, have ten thousand each.
        fill(
            notice, rows // 2, tenant_id=tenant_of("n"),
            person_id=f"CASE WHEN n <= {rows // 50} THEN {key('user', '2 + n % 2 * 4')} ELSE {person('n')} END",
            kind=among("finding.opened", "credential.coming_due", "review.asked", "approval.asked"),
            key="'key' || n", subject="'svc-' || n", text="'Look at it.'", about_kind="'identity'",
            about_id=key("managedidentity", "n") + "::text", created_at=f"now() - (n % 90000) * {MINUTE}",
            seen_at="CASE WHEN n % 3 <> 0 THEN now() END", waits="n % 20 = 0",
        )  # fmt: skip
    fill(
        model("identities.Channel"), 196, tenant_id=tenant_of("n"), name="'channel ' || n", kind="'webhook'",
        settings=text({"url": "https://example.test/hook"}), is_enabled="true",
    )  # fmt: skip
    fill(
        model("identities.Subscription"), 980, tenant_id=tenant_of("n"), name="'subscription ' || n",
        types=text(["finding.opened"]), audience="'owners'", channel_id=key("channel", "1 + (n - 1) % 196"),
        digest_minutes="0", is_enabled="true",
    )  # fmt: skip
    delivery = model("identities.Delivery")
    with Bare(delivery):
        fill(
            delivery, rows // 4, tenant_id=tenant_of("n"), channel_id=key("channel", "1 + (n - 1) % 196"),
            subscription_id=key("subscription", "1 + (n - 1) % 980"),
            events="jsonb_build_array(gen_random_uuid()::text)",
            subject="'Finding ' || n", state=among("sent", "sent", "sent", "dead", "waiting"),
            created_at=f"now() - n * {MINUTE}", send_at="now()", tries="1",
        )  # fmt: skip


def _imported(rows: int) -> None:
    from benchmarks.pages.seed import model, person, tenant_of

    runs = 490
    fill(
        model("identities.ImportRun"), runs, tenant_id=tenant_of("n"), kind="'csv'", source="'csv/' || n % 30",
        files=text(["export.csv"]), state=among("previewed", "applied", "applied", "failed"),
        rows_read="1000", rows_applied="1000", counts=text({"new": 10, "changed": 5, "unchanged": 985}),
        warnings=text([]), started_by_id=person("n"), created_at=f"now() - n * {HOUR}",
    )  # fmt: skip
    row = model("identities.ImportRow")
    with Bare(row):
        # A third is the fat run's, with the number 2.
        fill(
            row, rows // 2, run_id=f"CASE WHEN n % 3 = 0 THEN {key('importrun', '2')} ELSE "
            f"{key('importrun', f'1 + (n - 1) % {runs}')} END",
            place="'line ' || n", record_type="'service_account'", source="'csv'", key="'arn:' || n",
            label="'svc-' || n", reported=text({"name": "svc"}), changes=text({}),
            action=among("new", "changed", "unchanged", "unchanged", "conflict", "dropped"),
            identity_id=key("managedidentity", "n"),
        )  # fmt: skip
    fill(
        model("identities.SourceRecord"), rows // 2, tenant_id=tenant_of("n"),
        identity_id=key("managedidentity", "n"), kind="'csv'", source="'csv/' || n % 30",
        record_type="'service_account'", key="'arn:' || n", label="'svc-' || n", facts=text({}),
    )  # fmt: skip
    fill(
        model("identities.Questionnaire"), 490, tenant_id=tenant_of("n"), title="'Questions ' || n",
        addressee="'vendor@example.test'", source="'q'", token_digest="md5('t' || n) || md5('q' || n)",
        expires_at=f"now() + n * {HOUR}", answers="3",
    )  # fmt: skip
