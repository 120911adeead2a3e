"""A register with something behind every number, for the tests of the programme: rows only, varied by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit import services as audit
from audit.actors import Actor, Subject
from identities.credentials.models import ClientSecret, ExternalCredential
from identities.detections.models import Finding
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team, Tenant, User
from identities.policies.models import AuthorizationDecision
from identities.tokens.models import IssuedToken
from tests.factories import people, tokens

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Varied:
    """A tenant with two teams, an owner, and identities that differ in everything that is counted."""

    tenant: Tenant
    owner: User
    harbour: Team
    night: Team
    identities: dict[str, ManagedIdentity]


def varied(at: datetime, *, of: Tenant | None = None) -> Varied:
    """Eight identities, one of them retired; credentials, findings, tokens, decisions and events around `at`."""
    tenant = of or people.tenant()
    owner = people.person(of=tenant)
    harbour, night = people.team(owner, of=tenant), people.team(of=tenant)
    rows = {name: _identity(tenant, name, facts) for name, facts in _facts(at, owner, harbour, night).items()}
    _credentials(rows, at)
    _findings(tenant, rows, at)
    _use(tenant, rows, at)
    return Varied(tenant, owner, harbour, night, rows)


def _facts(at: datetime, owner: User, harbour: Team, night: Team) -> dict[str, dict[str, Any]]:
    owned = {"business_owner": owner, "business_owner_label": owner.email, "owner_team": harbour, "is_orphaned": False}
    known = {"privilege_level": "low", "data_classification": "internal"}
    reviewed = {"review_by": (at + 30 * DAY).date()}
    return {
        "green": {
            **owned, **known, **reviewed, "auth_method": "federated", "triage": "green", "use_state": "used",
            "application": "payroll",
        },
        "rotated": {
            **owned, **known, **reviewed, "auth_method": "long_lived_secret", "use_state": "used",
            "rotate_by": at + 10 * DAY, "last_rotated_at": at - 20 * DAY, "application": "payroll",
        },
        "overdue": {
            **owned, "auth_method": "static_api_key", "rotate_by": at - DAY, "last_rotated_at": at - 100 * DAY,
            "review_by": (at - 2 * DAY).date(), "use_state": "dormant",
        },
        "unowned": {"owner_team": night, "auth_method": "password", "triage": "red"},
        "shared": {"owner_team": night, "auth_method": "human_shared_admin", "triage": "red", "use_state": "used"},
        "blank": {"environment": "", "purpose": ""},
        "ending": {**owned, "owner_team": None, "expires_at": at + DAY, "auth_method": "mtls", "use_state": "used"},
        "retired": {"state": "retired", "triage": "red"},
    }  # fmt: skip


def _identity(tenant: Tenant, name: str, facts: dict[str, Any]) -> ManagedIdentity:
    made = tokens.identity(of=tenant, name=f"{name}-bot", **{k: v for k, v in facts.items() if k not in BLANKS})
    blanks = {name: facts[name] for name in BLANKS if name in facts}
    if blanks:
        ManagedIdentity.objects.filter(pk=made.pk).update(**blanks)
        made.refresh_from_db()
    return made


#: What the factory says for itself.
BLANKS = ("environment", "purpose")


def _credentials(rows: dict[str, ManagedIdentity], at: datetime) -> None:
    def external(name: str, key: str, **facts: Any) -> None:
        facts = {"kind": "access_key", "source": "aws/1", "external_id": key, "created_at": at - 50 * DAY, **facts}
        ExternalCredential.objects.create(identity=rows[name], **facts)

    external("overdue", "AKIA1")
    external("overdue", "AKIA2", stored_at="vault://prod/key")
    external("unowned", "p", kind="password", stored_at="vault://prod/p", expires_at=at - DAY)
    external("green", "f", kind="federated")
    external("rotated", "old", gone_at=at - DAY)
    external("retired", "AKIA3")
    for name, facts in (("rotated", {}), ("ending", {"expires_at": at - DAY}), ("retired", {})):
        secret = {"digest": f"{rows[name].pk}", "hint": "abcd", "rotate_by": at + DAY, "created_at": at - 20 * DAY}
        ClientSecret.objects.create(identity=rows[name], **(secret | facts))
    ClientSecret.objects.create(
        identity=rows["rotated"], digest=f"gone {rows['rotated'].pk}"[:64], hint="gone", rotate_by=at,
        created_at=at - 90 * DAY,
        revoked_at=at - 20 * DAY + timedelta(hours=6),
    )  # fmt: skip


def _findings(tenant: Tenant, rows: dict[str, ManagedIdentity], at: datetime) -> None:
    for name, category, state in (
        ("overdue", "NHI7", "open"),
        ("overdue", "NHI9", "open"),
        ("green", "NHI9", "accepted"),
        ("unowned", "NHI8", "open"),
        ("shared", "NHI10", "open"),
        ("rotated", "NHI2", "resolved"),
        ("retired", "NHI1", "open"),
    ):
        Finding.objects.create(
            tenant=tenant, identity=rows[name], code=f"{category}-X", category=category, severity="high", state=state,
            evidence="seen", opened_at=at - 5 * DAY, resolved_at=at - 3 * DAY if state == "resolved" else None,
        )  # fmt: skip


def _use(tenant: Tenant, rows: dict[str, ManagedIdentity], at: datetime) -> None:
    for name, hours in (("green", 1), ("rotated", 8), ("retired", 1)):
        IssuedToken.objects.create(
            identity=rows[name], kid="k", scope="roles", issued_at=at - timedelta(minutes=5),
            expires_at=at - timedelta(minutes=5) + timedelta(hours=hours),
        )  # fmt: skip
    for environment, outcome in (("production", "deny"), ("", "deny"), ("production", "allow")):
        AuthorizationDecision.objects.create(
            tenant_id=tenant.pk, actor_kind="identity", actor_id="x", permission="run.read", outcome=outcome,
            stage="api", environment=environment, at=at - timedelta(minutes=1),
        )  # fmt: skip
    subject = Subject("identity", str(rows["green"].pk), "green-bot", tenant.pk)
    with transaction.atomic():
        for event in ("token.issued", "token.issued", "token.refused"):
            audit.record(event, actor=Actor.system("tests"), subject=subject)
