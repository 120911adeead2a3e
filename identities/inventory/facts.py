"""What may be written about an identity, and how it is checked before it lands on the row."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from identities.errors import Invalid
from identities.inventory import owners
from identities.inventory.models import ManagedIdentity, OwnershipClass

PLAIN = (
    "name",
    "description",
    "environment",
    "kind",
    "issuance",
    "ownership_class",
    "purpose",
    "data_classification",
    "risk_tier",
    "internet_exposed",
    "customer_facing",
    "revocation_procedure",
    "rotation_interval_days",
    "expires_at",
    "review_by",
    "ticket",
    "repository",
    "business_unit",
    "application",
    "tags",
)
WRITABLE = frozenset({*PLAIN, *owners.ROLES, "owner_team"})
REQUIRED = ("name", "environment", "purpose")
MAX_TAGS, MAX_TAG = 50, 254
MAX_TEXT = 4000
MAX_INTERVAL_DAYS = 3650

Facts = Mapping[str, object]


def apply(identity: ManagedIdentity, facts: Facts) -> None:
    """Set `facts` on the row in hand (not saved) and check them, all complaints at once. Raises Invalid."""
    if unknown := sorted(set(facts) - WRITABLE):
        raise Invalid({name: ["This member is not known."] for name in unknown})
    for name in PLAIN:
        if name in facts:
            value = facts[name]
            setattr(identity, name, value.strip() if isinstance(value, str) else value)
    for role in owners.ROLES:
        if role in facts:
            _set_owner(identity, role, facts[role])
    if "owner_team" in facts:
        identity.owner_team = owners.resolve_team(facts["owner_team"], tenant_id=identity.tenant_id)
    check(identity)


def check(identity: ManagedIdentity) -> None:
    """Everything that is true of one identity, whoever writes it. Raises Invalid."""
    errors: dict[str, list[str]] = {}
    try:
        identity.clean_fields(exclude={"tenant", "id", "business_owner", "technical_owner", "deputy_owner"})
    except ValidationError as error:
        errors.update(error.message_dict)
    for found in (_text_errors(identity), _tag_errors(identity.tags), _vendor_errors(identity)):
        errors.update({member: messages for member, messages in found.items() if member not in errors})
    days = identity.rotation_interval_days
    if "rotation_interval_days" not in errors and days is not None and not 1 <= days <= MAX_INTERVAL_DAYS:
        errors["rotation_interval_days"] = [f"Between 1 and {MAX_INTERVAL_DAYS} days."]
    if errors:
        raise Invalid(errors)


def snapshot(identity: ManagedIdentity) -> dict[str, object]:
    """The writable facts as plain values, for the before and after of an audit record."""
    plain = {name: _plain(getattr(identity, name)) for name in PLAIN}
    people = {role: getattr(identity, f"{role}_label") for role in owners.ROLES}
    team = str(identity.owner_team) if identity.owner_team else None
    return {**plain, **people, "owner_team": team}


def _set_owner(identity: ManagedIdentity, role: str, written: object) -> None:
    owner = owners.resolve(written, tenant_id=identity.tenant_id, member=role)
    setattr(identity, role, owner.user)
    setattr(identity, f"{role}_label", owner.label)


def _text_errors(identity: ManagedIdentity) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name in PLAIN:
        text = getattr(identity, name)
        if not isinstance(text, str):
            continue
        is_long = isinstance(ManagedIdentity._meta.get_field(name), models.TextField)
        if is_long and len(text) > MAX_TEXT:
            errors[name] = [f"At most {MAX_TEXT} characters."]
        elif any(not (char.isprintable() or (is_long and char in "\r\n\t")) for char in text):
            errors[name] = ["Control characters are not allowed."]
    return errors


def _tag_errors(tags: object) -> dict[str, list[str]]:
    if isinstance(tags, dict):
        words = [*tags.keys(), *tags.values()]
    elif isinstance(tags, list):
        words = tags
    else:
        return {"tags": ["An object of texts, or a list of texts."]}
    if len(tags) > MAX_TAGS or any(not isinstance(word, str) or len(word) > MAX_TAG for word in words):
        return {"tags": [f"At most {MAX_TAGS} texts of at most {MAX_TAG} characters."]}
    return {}


def _vendor_errors(identity: ManagedIdentity) -> dict[str, list[str]]:
    """A vendor's identity has people on our side who answer for it and a way to end it (S3-08)."""
    if identity.ownership_class != OwnershipClass.VENDOR:
        return {}
    missing = {
        "business_owner": identity.business_owner_id is None,
        "technical_owner": identity.technical_owner_id is None,
        "revocation_procedure": not identity.revocation_procedure,
    }
    return {member: ["A vendor identity needs this."] for member, is_missing in missing.items() if is_missing}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else str(value) if isinstance(value, UUID) else value
