"""A reported record as plain JSON and back, with the digest by which a record that did not change is known. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from identities.discovery.records import Reported, ReportedCredential

Packed = dict[str, Any]
INSTANTS = frozenset({"expires_at", "last_used_at", "revocation_tested_at"})
DAYS = frozenset({"review_by", "vendor_renewal_on"})
OWNERS = frozenset({"business_owner", "technical_owner", "deputy_owner"})
#: Not said by the source: the record of the same files that means the same identity.
JOINS = "joins"
LONGEST_ALIAS = 400
_TIMES = ("created_at", "last_rotated_at", "last_used_at", "expires_at")


def pack(record: Reported, source: str = "") -> Packed:
    """What is staged of `record`: its facts, aliases and credentials as JSON; empty facts are left out.

    An alias that begins with "./" holds within `source` alone: it gets the source's name.

    An owner that reads like an e-mail address is written in small letters, as the addresses of people are kept.
    """
    facts = {name: _plain(_owner(name, value)) for name, value in record.facts.items() if value not in (None, "")}
    packed: Packed = {"facts": facts}
    if record.notes:
        packed["notes"] = list(record.notes)
    if record.aliases:
        names = (_alias(alias, source)[:LONGEST_ALIAS] for alias in record.aliases if alias)
        packed["aliases"] = list(dict.fromkeys(names))
    if record.credentials:
        packed["credentials"] = [_packed_credential(credential) for credential in record.credentials]
    if record.last_used_at is not None:
        packed["last_used_at"] = record.last_used_at.isoformat()
    return packed


def digest(packed: Mapping[str, Any]) -> str:
    """The same for the same report, whatever the order in which its members came."""
    said = {name: value for name, value in packed.items() if name != JOINS}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def facts_of(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with instants and days as such again."""
    return {name: _typed(name, value) for name, value in packed["facts"].items()}


def credentials_of(packed: Mapping[str, Any]) -> list[ReportedCredential]:
    """The credentials, with their times as such again."""
    return [_credential(written) for written in packed.get("credentials", ())]


def last_use_of(packed: Mapping[str, Any]) -> datetime | None:
    """When it was last used, as far as its source knows."""
    return _instant(packed.get("last_used_at"))


def _packed_credential(credential: ReportedCredential) -> Packed:
    packed: Packed = {"kind": credential.kind, "external_id": credential.external_id}
    packed |= {
        name: value for name in ("name", "stored_at", "exposed_in") if (value := getattr(credential, name)) != ""
    }
    packed |= {name: value.isoformat() for name in _TIMES if (value := getattr(credential, name)) is not None}
    if credential.scope:
        packed["scope"] = list(credential.scope)
    if not credential.is_active:
        packed["is_active"] = False
    return packed


def _credential(written: Mapping[str, Any]) -> ReportedCredential:
    times = {name: _instant(written.get(name)) for name in _TIMES}
    return ReportedCredential(
        kind=written["kind"],
        external_id=written["external_id"],
        name=written.get("name", ""),
        scope=tuple(written.get("scope", ())),
        stored_at=written.get("stored_at", ""),
        exposed_in=written.get("exposed_in", ""),
        is_active=written.get("is_active", True),
        **times,
    )


def _alias(alias: str, source: str) -> str:
    return f"{source}{alias[1:]}" if alias.startswith("./") else alias


def _owner(name: str, value: object) -> object:
    if name in OWNERS and isinstance(value, str) and "@" in value and " " not in value.strip():
        return value.strip().lower()
    return value


def _plain(value: object) -> Any:
    """JSON has no dates, tuples and mappings of other kinds."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | str) else str(value)


def _typed(name: str, value: Any) -> Any:
    """Instants and days as such; what is none stays as it was said, for the register to leave out with a reason."""
    try:
        if name in INSTANTS:
            return _instant(value)
        return date.fromisoformat(str(value)[:10]) if name in DAYS else value
    except ValueError:
        return value


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
