"""JSON Schemas: of an identity's entry, and of the whole document. Pure."""

from collections.abc import Mapping
from typing import Any

from identities.inventory import members
from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Criticality,
    DisableStrategy,
    Environment,
    Function,
    Issuance,
    Kind,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    TrustBoundary,
)
from identities.names import camel

VERSION = 1
_CHOICES = {
    "environment": Environment,
    "kind": Kind,
    "issuance": Issuance,
    "ownership_class": OwnershipClass,
    "function": Function,
    "trust_boundary": TrustBoundary,
    "blast_radius": BlastRadius,
    "privilege_level": PrivilegeLevel,
    "business_criticality": Criticality,
    "risk_tier": RiskTier,
    "auth_method": AuthMethod,
    "disable_strategy": DisableStrategy,
}
_TEXTS = ("protocols", "upstream_dependencies", "downstream_systems", "downstream_permissions")
_FLAGS = ("internet_exposed", "customer_facing")
_MOMENTS = ("expires_at", "revocation_tested_at")
_DAYS = ("review_by", "vendor_renewal_on")
_PEOPLE = {
    "business_owner": "E-mail of a person of the tenant, or a name (which counts as no owner until it is matched).",
    "technical_owner": "E-mail of the person who operates it, or a name.",
    "deputy_owner": "E-mail of who steps in, or a name.",
    "owner_team": "Name of a team of the tenant.",
}
REFERENCE: Mapping[str, Any] = {
    "type": "object",
    "required": ["provider", "vaultUri", "secretName"],
    "additionalProperties": False,
    "description": "Where a secret rests: its name, never its value.",
    "properties": {
        "provider": {"type": "string", "maxLength": 40},
        "vaultUri": {"type": "string", "maxLength": 500},
        "secretName": {"type": "string", "minLength": 1, "maxLength": 300},
        "version": {"type": "string", "maxLength": 300},
    },
}


def identity_schema() -> dict[str, Any]:
    """The schema of one entry of `identities`: a name, and every member that may be written."""
    properties: dict[str, Any] = {camel(name): _member(name) for name in members.MEMBERS}
    properties |= {camel(name): {"type": "string", "description": text} for name, text in _PEOPLE.items()}
    properties["state"] = {"enum": ["active", "disabled"]}
    return {"type": "object", "required": ["name"], "additionalProperties": False, "properties": properties}


def document_schema(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The schema of the document, from the schema of one entry of each section."""
    parts = {kind: {"type": "array", "items": dict(schema)} for kind, schema in sections.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Steward inventory",
        "description": "Identities as code: what `manage.py apply` takes and `manage.py export` writes.",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {"version": {"const": VERSION}, **parts},
    }


def _member(name: str) -> dict[str, Any]:
    if name in _CHOICES:
        return {"enum": list(_CHOICES[name].values)}
    if name in _TEXTS:
        return {"type": "array", "items": {"type": "string", "maxLength": members.MAX_ITEM}}
    if name in _FLAGS:
        return {"type": "boolean"}
    if name in _MOMENTS:
        return {"type": ["string", "null"], "description": "A time such as 2027-03-31T00:00:00Z."}
    if name in _DAYS:
        return {"type": ["string", "null"], "description": "A day such as 2027-03-31."}
    if name == "rotation_interval_days":
        return {"type": ["integer", "null"], "minimum": 1, "maximum": members.MAX_INTERVAL_DAYS}
    if name == "tags":
        return {"type": ["object", "array"]}
    limit = members.MEMBERS[name].limit
    return {"type": "string", **({"maxLength": limit} if limit else {}), **({"minLength": 1} if name == "name" else {})}
