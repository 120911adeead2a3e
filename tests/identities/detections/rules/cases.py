"""Facts to try rules on: a healthy identity, and what is changed of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from identities.detections.facts import (
    BindingFact,
    CredentialFact,
    Foreseen,
    GrantFact,
    IdentityFacts,
    Neighbour,
    OwnerFact,
    SharedPlace,
    Workload,
)
from identities.detections.leak_facts import LeakFact

AT = datetime(2026, 3, 25, 6, tzinfo=UTC)
#: Reads as one of our secrets, and as a token of GitHub; neither was ever issued.
SECRET_LIKE = "nhi_prod_" + "A" * 43 + "_123456"
KEY_LIKE = "ghp_" + "Q1" * 18
#: The id of a key is a name.
KEY_ID = "AKIA" + "Q" * 16

TECHNICAL = OwnerFact("technical_owner", "tess@example.com", UUID(int=21), is_active=True)
BUSINESS = OwnerFact("business_owner", "bert@example.com", UUID(int=22), is_active=True)
GONE = OwnerFact("technical_owner", "gone@example.com", UUID(int=23), is_active=False)
UNMATCHED = OwnerFact("business_owner", "Somebody", None, is_active=False)


def ago(**span: float) -> datetime:
    return AT - timedelta(**span)


def ahead(**span: float) -> datetime:
    return AT + timedelta(**span)


def foreseen(code: str = "secret_ends", what: str = "Payroll", **until: float) -> Foreseen:
    """A schedule that would fail in so long."""
    return Foreseen(what, code, "Its secret ends.", ahead(**until), "issue-secret")


def healthy(**changed: Any) -> IdentityFacts:
    """Nothing speaks against it: owned, federated to one subject, narrow, used, tagged."""
    facts: dict[str, Any] = {
        "id": UUID(int=1),
        "tenant_id": UUID(int=2),
        "name": "payroll-runner",
        "kind": "workload",
        "state": "active",
        "environment": "production",
        "purpose": "Pays salaries at the end of the month.",
        "owners": (TECHNICAL, BUSINESS),
        "team": "Payroll",
        "team_answers": True,
        "function": "sync",
        "blast_radius": "write_limited",
        "privilege_level": "low",
        "auth_method": "federated",
        "upstream_trust_source": "https://cluster.example subject=system:serviceaccount:payroll:runner",
        "business_unit": "Finance",
        "application": "Payroll",
        "ticket": "SEC-1",
        "expires_at": ahead(days=200),
        "use_state": "used",
        "last_used_at": ago(hours=1),
        "created_at": ago(days=100),
        "reported_by": ("kubernetes/prod-1",),
    }
    return IdentityFacts(**{**facts, **changed})


def vendor(**changed: Any) -> IdentityFacts:
    """A vendor's connector with every safeguard that a static secret needs."""
    return healthy(
        **{
            "ownership_class": "vendor",
            "kind": "saas_connector",
            "auth_method": "static_api_key",
            "upstream_trust_source": "",
            "reported_by": (),
            "revocation_procedure": "Revoke the key in the vendor's console.",
            "revocation_tested_at": ago(days=30),
            "vendor_renewal_on": date(2026, 12, 31),
            "credentials": (key(stored_at="vault kv/finance/vendor", expires_at=ahead(days=60)),),
            **changed,
        }
    )


def key(**changed: Any) -> CredentialFact:
    """A young API token of somebody else's."""
    facts: dict[str, Any] = {"id": UUID(int=31), "kind": "api_token", "label": "crm-token", "created_at": ago(days=10)}
    return CredentialFact(**{**facts, **changed})


def secret(number: int, **changed: Any) -> CredentialFact:
    """A live secret of ours."""
    facts: dict[str, Any] = {"id": UUID(int=70 + number), "kind": "client_secret", "label": "…abcd", "is_ours": True}
    return CredentialFact(**{**facts, **changed})


def leak(number: int = 1, **changed: Any) -> LeakFact:
    """A secret that was reported two days ago, and revoked then; a `secret` has the same id by its number."""
    facts: dict[str, Any] = {
        "secret_id": UUID(int=70 + number),
        "hint": "abcd",
        "created_at": ago(days=10),
        "reported_at": ago(days=2),
        "action": "revoked",
        "source": "build log",
    }
    return LeakFact(**{**facts, **changed})


def binding(*permissions: str, **changed: Any) -> BindingFact:
    facts: dict[str, Any] = {"id": UUID(int=41), "role": "runner", "valid_from": ago(days=200)}
    return BindingFact(**{**facts, "permissions": frozenset(permissions), **changed})


def reads(**changed: Any) -> GrantFact:
    """A secret granted half a year ago and never read."""
    facts: dict[str, Any] = {"id": UUID(int=61), "place": "local://default crm", "since": ago(days=180)}
    return GrantFact(**{**facts, **changed})


def shared(environment: str) -> SharedPlace:
    other = Neighbour(UUID(int=51), "other-bot", environment)
    return SharedPlace("vault kv/finance/key", (other,))


def works(*names: str, team: str = "") -> tuple[Workload, ...]:
    return tuple(Workload(name, team=team) for name in names)
