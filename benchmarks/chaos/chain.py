"""The audit's chain, walked with the key alone: the arithmetic of docs/audit.md, written down a second time."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

COVERED = (
    "uuid", "recorded_at", "tenant_id", "type", "outcome", "reason", "actor_kind", "actor_id", "actor_label",
    "actor_client_id", "subject_kind", "subject_id", "subject_label", "changes", "details", "correlation_id",
    "run_id", "address", "id", "tag",
)  # fmt: skip


def problems(events: Iterable[Mapping[str, Any]], encryption_key: str) -> list[str]:
    """The first break of the chain, and every event nobody sealed; `events` in the order of their seals."""
    key = _derived(urlsafe_b64decode(encryption_key), b"steward audit chain")
    before, found = "0" * 64, []
    for number, event in enumerate(events, start=1):
        if event["seq"] is None:
            found.append(f"event {event['id']} ({event['type']}) is not sealed")
            continue
        mac = _mac(key, ["steward-audit-1", "link", number, before, _plain(event)])
        if (event["seq"], event["mac"]) != (number, mac):
            return [*found, f"the chain breaks at {number} (event {event['id']}, {event['type']})"]
        before = mac
    return found


def _plain(event: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: event[name] for name in COVERED}
    at = values["recorded_at"].astimezone(UTC).replace(tzinfo=None)
    values["recorded_at"] = at.isoformat(timespec="microseconds") + "Z"
    for name in ("uuid", "tenant_id", "run_id"):
        values[name] = None if values[name] is None else str(values[name])
    for name in ("changes", "details"):
        values[name] = json.loads(values[name]) if isinstance(values[name], str) else values[name]
    return values


def _mac(key: bytes, parts: list[object]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()


def _derived(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 without a salt, one block (RFC 5869)."""
    extracted = hmac.new(b"\0" * 32, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).digest()
