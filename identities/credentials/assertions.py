"""Is this client who it says it is? By an assertion under its own key (RFC 7523), which is taken once."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.db import models
from django.utils import timezone

from identities.credentials import pace, usage
from identities.credentials.asked import IDENTITY
from identities.credentials.authentication import Authenticated, note_knock
from identities.credentials.models import ClientKey, UsedAssertion
from identities.credentials.selectors import is_live
from identities.credentials.usage import UNKNOWN, Source
from identities.inventory.models import ManagedIdentity
from identities.jose import assertions as jose, jwk as jwks
from identities.jose.assertions import Assertion
from identities.jose.verify import BadToken
from identities.statements.prepared import Prepared, insert_once

Keys = models.QuerySet[ClientKey]
LEEWAY = timedelta(seconds=jose.LEEWAY_SECONDS)
BATCH = 5_000
_ASKED = {"id", "identity_id", "alg", "public_jwk", "expires_at", "revoked_at", "throttled_at"}
_KEY = tuple(field.attname for field in ClientKey._meta.concrete_fields if field.attname in _ASKED)
_COLUMNS = (*_KEY, *(f"identity__{name}" for name in IDENTITY))


class KeyLookup:
    """The one query behind an assertion: the key of that name with its identity, by client id and `kid`.

    A room above may have columns of its own read beside them, as in `authentication.Lookup`.
    """

    def __init__(self, widen: "Callable[[Keys, datetime], Keys] | None" = None, *columns: str) -> None:
        def build(client_id: str, kid: str, at: datetime | None = None) -> "models.QuerySet[Any, Any]":
            found = ClientKey.objects.filter(identity__client_id=client_id, kid=kid, revoked_at=None).order_by()
            return (widen(found, at) if widen and at else found).values_list(*_COLUMNS, *columns)

        self._is_dated = widen is not None
        self._statement = Prepared(build, client_id=str, kid=str, **({"at": datetime} if widen else {}))

    def find(self, client_id: str, kid: str, at: datetime) -> tuple[ClientKey | None, tuple[tuple[Any, ...], ...]]:
        """The live key, and what `columns` hold in each row."""
        rows = self._statement.rows(client_id=client_id, kid=kid, **({"at": at} if self._is_dated else {}))
        if not rows:
            return None, ()
        key = ClientKey.from_db(None, _KEY, rows[0][: len(_KEY)])
        key.identity = ManagedIdentity.from_db(None, IDENTITY, rows[0][len(_KEY) : len(_COLUMNS)])
        return key, tuple(row[len(_COLUMNS) :] for row in rows)


_BY_NAME = KeyLookup()


def authenticate(
    assertion: Assertion, lookup: KeyLookup | None = None, *, source: Source | None = None
) -> Authenticated:
    """The identity whose key made `assertion`, which is used up by that; else BadToken, with a reason for the audit.

    An unknown client, an unknown or ended key, a wrong signature and a stopped identity cost the same: one query and
    one signature looked at. The algorithm is the one kept with the key. What was taken stays taken until it ends, in
    the database: in no other process, and after no restart, is it taken again. A success is a use of the key, from
    `source`, and of its identity; a right assertion of a stopped identity is a knock.
    """
    at = timezone.now()
    key, beside = (lookup or _BY_NAME).find(assertion.client_id, assertion.kid, at)
    is_fit = key is not None and is_live(key, at) and key.alg == assertion.alg
    public = _public(key) if key is not None and is_fit else _nobodys(assertion.alg)
    is_signed = assertion.is_signed_by(public, assertion.alg)
    if key is None or not is_fit:
        raise BadToken("unknown_key")
    if not is_signed:
        raise BadToken("bad_signature")
    if not key.identity.is_enabled:
        note_knock(key.identity, source or UNKNOWN, at)
        raise BadToken(f"identity_{key.identity.state}")
    if not _take(assertion):
        raise BadToken("replayed")
    usage.note(key.id, key.identity_id, source=source, at=at, kind=ClientKey)
    wait = pace.wait(key.id, key.throttled_at)
    return Authenticated(identity=key.identity, secret_id=key.id, at=at, beside=beside, wait_seconds=wait)


def remove_ended(at: datetime, *, limit: int = BATCH) -> int:
    """Forget what ended before `at`: it is refused for its age from then on. At most `limit`; answers how many."""
    ended = UsedAssertion.objects.filter(expires_at__lt=at).order_by("expires_at").values_list("pk", flat=True)
    removed, _ = UsedAssertion.objects.filter(pk__in=list(ended[:limit])).delete()
    return removed


def _take(assertion: Assertion) -> bool:
    """Whether it is the first of its name; the unique row decides, so that of many at once one is."""
    return insert_once(
        UsedAssertion(
            issuer=assertion.client_id,
            jti_digest=hashlib.sha256(assertion.jti.encode(errors="surrogatepass")).hexdigest(),
            expires_at=assertion.ends_at + LEEWAY,
        )
    )


def _public(key: ClientKey) -> jwks.PublicKey:
    public, _ = jwks.read(key.public_jwk)
    return public


@cache
def _nobodys(alg: str) -> jwks.PublicKey:
    """A key to look at a signature with in vain, so that a client that does not exist costs as much as one that does.

    Nothing is ever let in by it. For RSA any odd number does; to make a true one takes a tenth of a second.
    """
    if alg in ("RS256", "PS256"):
        return rsa.RSAPublicNumbers(65537, secrets.randbits(2048) | 1 << 2047 | 1).public_key()
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate().public_key()
    return ec.generate_private_key(ec.SECP256R1() if alg == "ES256" else ec.SECP384R1()).public_key()
