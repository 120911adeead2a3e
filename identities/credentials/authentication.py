"""Is this client who it says it is? By client id and secret (RFC 6749 §2.3.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from identities.credentials.digests import digest, is_same
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import is_live
from identities.inventory.models import ManagedIdentity
from identities.inventory.prepared import Prepared
from identities.inventory.usage import note_identity_use, note_use

Secrets = models.QuerySet[ClientSecret]
MAX_BYTES = 256
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that showed a live secret of an enabled identity."""

    identity: ManagedIdentity
    secret_id: UUID
    at: datetime
    beside: tuple[Any, ...] = ()


def authenticate(client_id: str, secret_text: str, lookup: "Lookup | None" = None) -> Authenticated | None:
    """Answer the identity, or None: for an unknown client, a wrong or ended secret and a disabled identity alike.

    Each of these costs the same: one keyed digest, one query by that digest, one comparison. The digest is keyed, so
    looking it up tells a stranger nothing. Text over 256 bytes is not hashed at all. A success is a use of both the
    secret and the identity (written within five seconds). A `lookup` of a room above reads more in the same query.
    """
    at = timezone.now()
    text = secret_text if len(secret_text.encode(errors="surrogatepass")) <= MAX_BYTES else _NOBODY
    secret, beside = (lookup or _BY_DIGEST).find(digest(text), at)
    is_right = is_same(client_id[:MAX_BYTES], secret.identity.client_id if secret else _NOBODY)
    if secret is None or not is_right or not is_live(secret, at) or not secret.identity.is_enabled:
        return None
    note_use(ClientSecret, secret.id, at=at)
    note_identity_use(secret.identity_id, at=at)
    return Authenticated(identity=secret.identity, secret_id=secret.id, at=at, beside=beside)


_SECRET = ("id", "identity_id", "created_at", "rotate_by", "expires_at", "revoked_at")
# What a token request asks of an identity; any other field is read when somebody asks for it.
_ASKED = {
    "id",
    "tenant_id",
    "client_id",
    "name",
    "kind",
    "issuance",
    "environment",
    "risk_tier",
    "state",
    "expires_at",
    "tokens_revoked_at",
}
_IDENTITY = tuple(field.attname for field in ManagedIdentity._meta.concrete_fields if field.attname in _ASKED)
_COLUMNS = (*_SECRET, *(f"identity__{name}" for name in _IDENTITY))


class Lookup:
    """The one query behind a client's proof: the secret of a digest with its identity.

    A room above may have a column of its own read beside them: `widen(secrets, at)` adds it to the query, which may
    give several rows for it, and `column` names it.
    """

    def __init__(self, widen: "Callable[[Secrets, datetime], Secrets] | None" = None, column: str = "pk") -> None:
        def build(digest: str, at: datetime | None = None) -> "models.QuerySet[Any, Any]":
            found = ClientSecret.objects.filter(digest=digest).order_by()
            return (widen(found, at) if widen and at else found).values_list(*_COLUMNS, column)

        self._is_dated = widen is not None
        self._statement = Prepared(build, digest=str, **({"at": datetime} if widen else {}))

    def find(self, of: str, at: datetime) -> tuple[ClientSecret | None, tuple[Any, ...]]:
        """The secret with this digest, and what `column` holds in each row."""
        rows = self._statement.rows(digest=of, **({"at": at} if self._is_dated else {}))
        if not rows:
            return None, ()
        secret = ClientSecret.from_db(None, _SECRET, rows[0][: len(_SECRET)])
        secret.identity = ManagedIdentity.from_db(None, _IDENTITY, rows[0][len(_SECRET) : -1])
        return secret, tuple(row[-1] for row in rows)


_BY_DIGEST = Lookup()
