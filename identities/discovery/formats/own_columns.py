"""Columns of one's own tables: which member of the register each means, by its name or by a mapping."""

import re
from collections.abc import Iterable, Mapping

from identities.discovery.reading.secrets import may_hold_secret
from identities.inventory.members import MEMBERS

OWNERS = ("business_owner", "technical_owner", "deputy_owner", "owner_team")
#: What a row may say beside the register's members: its key, where it is from, its last use, what others call it.
BESIDE = ("key", "source", "last_used_at", "alias")
SECRET = "secret"  # noqa: S105 - what a column holds, and never what is in it
TARGETS = frozenset({*MEMBERS, *OWNERS, *BESIDE} - {"issuance"})

#: Other words for a member, without case, spaces and signs.
WORDS: Mapping[str, str] = {
    "id": "key", "clientid": "key", "identityid": "key", "objectid": "key", "externalid": "key", "naturalkey": "key",
    "identity": "name", "identityname": "name", "displayname": "name", "account": "name", "serviceaccount": "name",
    "username": "name", "user": "name", "login": "name",
    "owner": "technical_owner", "techowner": "technical_owner", "operationalowner": "technical_owner",
    "productowner": "business_owner", "deputy": "deputy_owner", "backupowner": "deputy_owner",
    "team": "owner_team", "group": "owner_team", "squad": "owner_team", "env": "environment", "stage": "environment",
    "type": "kind", "ownership": "ownership_class", "privilege": "privilege_level", "risk": "risk_tier",
    "tier": "risk_tier", "criticality": "business_criticality", "classification": "data_classification",
    "authentication": "auth_method", "authenticationmethod": "auth_method", "credentialtype": "auth_method",
    "trustsource": "upstream_trust_source", "upstream": "upstream_dependencies", "downstream": "downstream_systems",
    "systems": "downstream_systems", "permissions": "downstream_permissions", "scopes": "downstream_permissions",
    "revocation": "revocation_procedure", "runbook": "revocation_procedure", "rotationdays": "rotation_interval_days",
    "rotationinterval": "rotation_interval_days", "cadence": "expected_cadence", "rotation": "rotation_interval_days",
    "expires": "expires_at",
    "expiry": "expires_at", "expirydate": "expires_at", "reviewdate": "review_by", "nextreview": "review_by",
    "ticketid": "ticket", "jira": "ticket", "repo": "repository", "costcentre": "business_unit",
    "costcenter": "business_unit", "department": "business_unit", "app": "application", "service": "application",
    "contract": "vendor_contract", "renewal": "vendor_renewal_on", "labels": "tags", "lastused": "last_used_at",
    "lastuse": "last_used_at", "lastseen": "last_used_at", "arn": "alias",
}  # fmt: skip


def suggest_mapping(headers: Iterable[str]) -> dict[str, str | None]:
    """`{header: member}` by the headers' own words; None for a column that means nothing here, "secret" for one that
    holds secrets. Case, spaces and signs do not matter; the first of two columns for one member has it.
    """
    suggested: dict[str, str | None] = {}
    for header in headers:
        target = _target(header)
        suggested[header] = None if target != SECRET and target in suggested.values() else target
    return suggested


def holds_secrets(header: str) -> bool:
    """Whether a column of this name holds secret values: then it is never read, whatever it is mapped to."""
    return may_hold_secret(header)


def _target(header: str) -> str | None:
    bare = _bare(header)
    by_name = {_bare(target): target for target in sorted(TARGETS)}
    if bare in by_name:
        return by_name[bare]
    return SECRET if holds_secrets(header) else WORDS.get(bare)


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
