"""Is this client who it says it is? By client id and secret (RFC 6749 §2.3.1)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from identities.credentials.digests import digest, is_same
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import is_live
from identities.inventory.models import ManagedIdentity
from identities.inventory.prepared import Prepared
from identities.inventory.usage import note_identity_use, note_use

MAX_BYTES = 256
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that showed a live secret of an enabled identity."""

    identity: ManagedIdentity
    secret_id: UUID
    at: datetime


def authenticate(client_id: str, secret_text: str) -> Authenticated | None:
    """Answer the identity, or None: for an unknown client, a wrong or ended secret and a disabled identity alike.

    Each of these costs the same: one keyed digest, one query by that digest, one comparison. The digest is keyed, so
    looking it up tells a stranger nothing. Text over 256 bytes is not hashed at all. A success is a use of both the
    secret and the identity (written within five seconds).
    """
    at = timezone.now()
    text = secret_text if len(secret_text.encode(errors="surrogatepass")) <= MAX_BYTES else _NOBODY
    secret = _find(digest(text))
    is_right = is_same(client_id[:MAX_BYTES], secret.identity.client_id if secret else _NOBODY)
    if secret is None or not is_right or not is_live(secret, at) or not secret.identity.is_enabled:
        return None
    note_use(ClientSecret, secret.id, at=at)
    note_identity_use(secret.identity_id, at=at)
    return Authenticated(identity=secret.identity, secret_id=secret.id, at=at)


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
_BY_DIGEST = Prepared(
    lambda digest: (
        ClientSecret.objects.filter(digest=digest)
        .order_by()
        .values_list(*_SECRET, *(f"identity__{name}" for name in _IDENTITY))
    ),
    digest=str,
)


def _find(of: str) -> ClientSecret | None:
    """The secret with this digest and its identity, in one query that is not built anew for each request."""
    for row in _BY_DIGEST.rows(digest=of):
        secret = ClientSecret.from_db(None, _SECRET, row[: len(_SECRET)])
        secret.identity = ManagedIdentity.from_db(None, _IDENTITY, row[len(_SECRET) :])
        return secret
    return None
