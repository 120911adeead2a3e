"""Who stands behind a bearer token, for our own API: two steps, and the second asks the database at every request.

The first is the text: signature, times, issuer, audience. That a signature was right does not change, so it is
remembered for some seconds. The second is everything that can be taken away: the token, the identity, its end, its
kill, its roles; the account, its sign-in, its password. It is one statement, and nothing of it is remembered.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists
from django.utils import timezone

from identities.access import selectors as access
from identities.access.principal import Principal
from identities.inventory.models import ManagedIdentity
from identities.jose import verify as jose
from identities.jose.keys import PublicKey
from identities.jose.verify import BadToken, PublicKeys
from identities.people import selectors as people
from identities.people.models import User
from identities.statements.prepared import Prepared
from identities.tokens import authorise, settings, user_tokens, verification
from identities.tokens.keyring import keyring
from identities.tokens.models import IssuedToken
from identities.tokens.user_tokens import VerifiedUserToken
from identities.tokens.verification import VerifiedToken

Verified = VerifiedToken | VerifiedUserToken

REMEMBERED, REMEMBERED_SECONDS = 4096, 15.0


def read(text: str) -> Verified:
    """The facts of a token whose signature is right and whose time it is, of a person or of a machine; else BadToken.

    Not promised: that it still holds; `machine` and `person` ask that.
    """
    keys = keyring.public_keys()
    known = _recent.find(text, keys)
    if known is not None:
        return known
    header = jose.header_of(text)
    is_person = header.get("typ") == user_tokens.TYP
    found = user_tokens.verify_user_token(text) if is_person else verification.read_access_token(text)
    _recent.keep(text, str(header["kid"]), keyring.public_keys(), found)
    return found


def machine(token: VerifiedToken, at: datetime) -> Principal | None:
    """The identity of the token with what its bindings give it at `at`, or None where the token holds no more.

    One query, whatever the number of roles; a stop anywhere is seen with the next request.
    """
    rows = _MACHINE.rows(identity_id=token.identity_id, tenant_id=token.tenant_id, jti=token.jti, at=at)
    if not rows:
        return None
    is_revoked, *values = rows[0][: len(_FACTS) + 1]
    identity = ManagedIdentity.from_db(DEFAULT_DB_ALIAS, _FACTS, values)
    epoch = identity.tokens_revoked_at
    if is_revoked or (epoch is not None and int(token.claims["iat"]) <= epoch.timestamp()):
        return None
    if authorise.refusal(identity, at):
        return None
    held = access.standing_of(row[len(_FACTS) + 1 :] for row in rows if row[-1] is not None)
    return Principal.machine(
        identity,
        permissions=held.permissions,
        role_names=held.role_names,
        sources=held.sources,
        token_issuer=token.issuer,
        token_jti=str(token.jti),
        certified_until=identity.certified_until,
    )


def person(token: VerifiedUserToken) -> User | None:
    """The active account that the token speaks for, or None where its sign-in or its password is no more. One query."""
    rows = _PERSON.rows(user_id=token.user_id, session=token.session)
    user = User.from_db(DEFAULT_DB_ALIAS, _COLUMNS, rows[0]) if rows else None
    return None if user is None or _is_older_than_password(token.issued_at, user) else user


def _is_older_than_password(issued_at: datetime, user: User) -> bool:
    """A new password ends what the old one had opened; `iat` counts whole seconds, so the same second passes."""
    set_at = user.password_set_at
    return set_at is not None and issued_at < set_at.replace(microsecond=0)


# What the row of an identity is asked for here, in the order of its columns, as `from_db` takes them.
_ASKED = {
    "id", "tenant_id", "client_id", "name", "environment", "state", "issuance", "expires_at", "tokens_revoked_at",
    "certified_until",
}  # fmt: skip
_FACTS = tuple(field.attname for field in ManagedIdentity._meta.concrete_fields if field.attname in _ASKED)
_COLUMNS = tuple(field.attname for field in User._meta.concrete_fields)
_MACHINE = Prepared(
    lambda identity_id, tenant_id, jti, at: (
        access.with_roles(ManagedIdentity.objects.filter(pk=identity_id, tenant_id=tenant_id), at, "bindings")
        .annotate(is_revoked=Exists(IssuedToken.objects.filter(jti=jti, revoked_at__isnull=False)))
        .values_list("is_revoked", *_FACTS, "held__pk", access.ROLE_NAME, "held__role__permissions")
    ),
    identity_id=UUID,
    tenant_id=UUID,
    jti=UUID,
    at=datetime,
)
_PERSON = Prepared(
    lambda user_id, session: people.bearers(user_id, session).values_list(*_COLUMNS), user_id=UUID, session=UUID
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A token that was verified with this very key."""

    facts: Verified
    kid: str
    key: PublicKey
    until: float


class Recent:
    """Tokens verified a moment ago, by the digest of their text; the text itself is not kept.

    Answers only what verifying anew would: while the key is published, the time is within the token's own, to the
    second and without leeway, and issuer and audience are those of the settings. All else is verified anew.
    """

    def __init__(self, size: int = REMEMBERED, seconds: float = REMEMBERED_SECONDS) -> None:
        self._size, self._seconds, self._lock = size, seconds, threading.Lock()
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    def find(self, text: str, keys: PublicKeys) -> Verified | None:
        """What was found of the very same text, or None."""
        seen = self._seen.get(_digest(text))
        if seen is None or time.monotonic() >= seen.until or keys.get(seen.kid) is not seen.key:
            return None
        return seen.facts if _is_of_now(seen.facts) else None

    def keep(self, text: str, kid: str, keys: PublicKeys, facts: Verified) -> None:
        """Remember it; the one remembered longest makes room."""
        key = keys.get(kid)
        if key is None:
            return
        digest, until = _digest(text), time.monotonic() + self._seconds
        with self._lock:
            self._seen.pop(digest, None)
            self._seen[digest] = _Seen(facts, kid, key, until)
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)

    def __len__(self) -> int:
        return len(self._seen)


def _is_of_now(token: Verified) -> bool:
    claims, now = token.claims, timezone.now().timestamp()
    audience = settings.audience() if isinstance(token, VerifiedToken) else settings.portal_audience()
    if claims["iss"] != settings.issuer() or claims["aud"] != audience:
        return False
    return bool(max(claims["iat"], claims.get("nbf", 0)) <= now < claims["exp"])


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


_recent = Recent()

__all__ = ["BadToken", "Recent", "Verified", "machine", "person", "read"]
