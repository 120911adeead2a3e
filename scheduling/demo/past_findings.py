"""Findings with a past: since when those of today stand, one that somebody answers for, and some that are over.

Part of `history`, by the same licence. What is held against the estate today is found by the rules themselves.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zlib import crc32

from audit.actors import Actor
from identities.detections import services as detections
from identities.detections.judging import rule_of
from identities.detections.models import Finding
from identities.inventory.models import ManagedIdentity
from identities.people.models import Tenant
from identities.statements.prepared import insert_many, update_many
from scheduling.demo.shapes import DAY

#: (identity, code): until when it is accepted, in days from now, and why.
ACCEPTED: Mapping[tuple[str, str], tuple[int, str]] = {
    ("invoice-robot", "NHI4-PASSWORD"): (75, "The old bookkeeping knows only passwords; it goes in spring (FIN-1650)"),
    ("erp-batch", "NHI4-METHOD"): (45, "The ERP takes certificates from its next release on (COLD-7)"),
}
COMMENTS: Mapping[tuple[str, str], str] = {
    ("media-resizer", "NHI2-EXPOSED"): "A new key is ready; the resizer moves over tonight, then the old one goes.",
    ("helpdesk-widget", "NHI3-OWNERS"): "The agency that ordered it has left. Customer care is asked to take it over.",
}
#: identity, code, what was seen, found and gone so many days ago.
OVER = (
    ("price-list-fetcher", "NHI2-EXPOSED", "The value of its secret lay open in line 12 of notes/prices.env.", 27, 25),
    ("metrics-collector", "NHI7-AGE", "Its client secret was older than its tier allows.", 29, 26),
    ("gateway-checker", "NHI7-AGE", "Its client secret was older than its tier allows.", 29, 24),
    ("shop-deployer", "NHI6-TRUST", "Its pipeline was trusted for more than one subject.", 26, 22),
    ("crm-connector", "NHI3-REVOCATION", "That its revocation procedure was ever tried is not known.", 90, 62),
    ("order-triage-agent", "NHI5-MIXED", "It may change (orders: write) and observe (orders: read).", 24, 19),
    (
        "db-migrator",
        "NHI4-METHOD",
        "It used a static API key, which the policy does not allow for it.",
        28,
        17,
    ),
    ("warehouse-reader", "NHI4-PASSWORD", "It holds the password of the notebooks.", 27, 15),
    ("cold-chain-monitor", "NHI1-OWNER-LEFT", "The account of its technical owner is disabled.", 25, 12),
    ("siem-forwarder", "NHI8-SPAN", "The register says production; its tag says staging.", 16, 11),
    ("payroll-scheduler", "NHI10-PERSONAL", "It is a cron job, and its account belongs to a person.", 30, 8),
    ("ingress-proxy", "NHI1-DORMANT", "Longer silent than its cadence explains.", 13, 4),
)
KEY = "before"


def write(tenant: Tenant, at: datetime, actor: Actor) -> None:
    """Date what the rules found just now, let some be answered for, and add those whose cause is gone."""
    found = list(Finding.objects.filter(tenant=tenant).select_related("identity"))
    for finding in found:
        finding.first_seen_at = finding.opened_at = _began(finding, at)
    update_many(found, ["first_seen_at", "opened_at"])
    for finding in found:
        key = (finding.identity.name, finding.code)
        if key in ACCEPTED:
            days, reason = ACCEPTED[key]
            detections.accept(finding, until=(at + days * DAY).date(), reason=reason, actor=actor)
        if key in COMMENTS:
            detections.comment(finding, text=COMMENTS[key], actor=actor)
    identities = {row.name: row for row in ManagedIdentity.objects.filter(tenant=tenant)}
    insert_many(
        [
            _over(identities[name], code, seen, at - began * DAY, at - ended * DAY)
            for name, code, seen, began, ended in OVER
        ]
    )


def _began(finding: Finding, at: datetime) -> datetime:
    """Not before its identity was there, nor before what it speaks of was due; else some day of the last four weeks."""
    spread = timedelta(days=1 + crc32(f"{finding.identity.name} {finding.code}".encode()) % 27, hours=-5)
    due = finding.details.get("rotateBy")
    earliest = [finding.identity.created_at, *([datetime.fromisoformat(due)] if due else [])]
    return min(max(at - spread, *earliest), at)


def _over(identity: ManagedIdentity, code: str, seen: str, began: datetime, ended: datetime) -> Finding:
    rule = rule_of(code)
    if rule is None:
        raise LookupError(f"no rule {code}")
    return Finding(
        tenant_id=identity.tenant_id,
        identity=identity,
        code=code,
        category=rule.category,
        key=KEY,
        severity=rule.severity.value,
        evidence=seen,
        owner_id=identity.technical_owner_id,
        state="resolved",
        first_seen_at=began,
        opened_at=began,
        last_seen_at=ended,
        resolved_at=ended,
    )
