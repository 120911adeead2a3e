"""The tokens that somebody may still hold: never their text, only what leads back to them."""

from datetime import datetime
from typing import Any

from identities.inventory.models import ManagedIdentity
from identities.lifecycle.evidence.base import Evidence, written
from identities.tokens.models import IssuedToken

MOST = 500
_COLUMNS = ("jti", "kid", "scope", "issued_at", "expires_at", "revoked_at", "address")


class Tokens(Evidence):
    """Kind `tokens`: those that have not ended, newest first, and how many there are."""

    kind = "tokens"

    def of(self, identity: ManagedIdentity, at: datetime) -> Any:
        held = IssuedToken.objects.filter(identity=identity, expires_at__gt=at).order_by("-issued_at")
        return {"live": held.filter(revoked_at=None).count(), "held": written(held[:MOST], _COLUMNS)}
