"""The evidence of a quarantine: gathered before anything is changed, frozen, and known again by its digest (S4-63)."""

import hashlib
import json
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from identities.inventory import facts as register
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.evidence.base import Readable, kinds
from identities.lifecycle.models import Quarantine

log = structlog.get_logger(__name__)

FORM = "steward.quarantine.evidence.1"


def bundle(row: Quarantine) -> dict[str, Any]:
    """All that the rooms know of its identity at the call, as plain JSON without a secret.

    A kind of evidence that fails leaves its name and a word in `missing`: a stop never waits for it.
    """
    identity, at = row.identity, row.called_at
    gathered: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for kind, source in sorted(kinds.items()):
        try:
            with transaction.atomic():
                gathered[kind] = source().of(identity, at)
        except Exception as error:
            log.exception("quarantine.evidence_failed", kind=kind, identity_id=str(identity.pk))
            missing[kind] = type(error).__name__
    return _plain(
        {
            "form": FORM,
            "taken_at": at.isoformat(),
            "called_by": row.called_by,
            "cause": str(row.cause),
            "reason": row.reason,
            "identity": _identity(identity),
            **gathered,
            "missing": missing,
        }
    )


def readable(identity: ManagedIdentity, at: datetime) -> list[Readable]:
    """Every secret that a room let the identity read."""
    found: list[Readable] = []
    for kind, source in sorted(kinds.items()):
        try:
            with transaction.atomic():
                found += source().readable(identity, at)
        except Exception:
            log.exception("quarantine.evidence_failed", kind=kind, identity_id=str(identity.pk))
    return found


def document(evidence: dict[str, Any]) -> bytes:
    """The bundle as the bytes that are handed out, and that the digest is of: sorted members, UTF-8, two spaces."""
    return (json.dumps(evidence, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def digest(evidence: dict[str, Any]) -> str:
    """SHA-256 of `document`, as `sha256sum` prints it for the downloaded file."""
    return hashlib.sha256(document(evidence)).hexdigest()


def name_of(row: Quarantine) -> str:
    """The name of the downloaded file."""
    return f"quarantine-{row.called_at:%Y%m%dT%H%M%SZ}-{row.pk}.json"


def _identity(identity: ManagedIdentity) -> dict[str, Any]:
    facts = {name: value for name, value in register.snapshot(identity).items() if value not in register.NOTHING}
    return {
        "id": str(identity.pk),
        "client_id": identity.client_id,
        "tenant_id": str(identity.tenant_id),
        "state": identity.state,
        "last_used_at": _moment(identity.last_used_at),
        "tokens_revoked_at": _moment(identity.tokens_revoked_at),
        "facts": facts,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """As the database gives it back: no character that it cannot keep, numbers as they are."""
    text = json.dumps(value, ensure_ascii=True, default=str).replace("\\u0000", "")
    plain: dict[str, Any] = json.loads(text)
    return plain
