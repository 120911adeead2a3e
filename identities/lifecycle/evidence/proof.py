"""What it proves itself with: secrets and keys, from where each was used, credentials elsewhere, rotations."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from identities.credentials.models import (
    ClientKey,
    ClientSecret,
    ExternalCredential,
    Rotation,
    SecretShowing,
    SecretSource,
)
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.evidence.base import Evidence, written

MOST, MOST_SOURCES = 50, 200
_DATES = ("created_at", "rotate_by", "expires_at", "revoked_at", "first_used_at", "last_used_at", "uses")
_SOURCE = ("secret_id", "key_id", "address", "user_agent", "first_seen_at", "last_seen_at", "uses")
_KEY = ("id", "kid", "name", "alg", "thumbprint", *_DATES)
_ELSEWHERE = (
    "id", "kind", "source", "external_id", "name", "stored_at", "fingerprint", "is_active", "created_at",
    "last_rotated_at", "last_used_at", "expires_at", "gone_at",
)  # fmt: skip
_ROTATION = ("id", "state", "old_id", "new_id", "started_at", "distributed_at", "cutover_deadline", "ended_at")


class Proof(Evidence):
    """Kind `credentials`: names, dates and sources; a secret is known by its last characters."""

    kind = "credentials"

    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        secrets = ClientSecret.objects.filter(identity=identity)[:MOST]
        sources = SecretSource.objects.filter(Q(secret__identity=identity) | Q(key__identity=identity))
        shown = SecretShowing.objects.filter(secret__identity=identity)
        return {
            "secrets": written(secrets, ("id", "hint", "created_by", "stored_at", "revoked_reason", *_DATES)),
            "sources": written(sources.order_by("-last_seen_at")[:MOST_SOURCES], _SOURCE),
            "shown_to": written(shown[:MOST], ("secret_id", "label", "shown_at")),
            "keys": written(ClientKey.objects.filter(identity=identity)[:MOST], _KEY),
            "elsewhere": written(ExternalCredential.objects.filter(identity=identity)[:MOST], _ELSEWHERE),
            "rotations": written(Rotation.objects.filter(identity=identity)[:MOST], _ROTATION),
        }
