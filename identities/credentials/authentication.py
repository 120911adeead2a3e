"""Is this client who it says it is? By client id and secret (RFC 6749 §2.3.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from identities.credentials import pace, usage
from identities.credentials.asked import IDENTITY
from identities.credentials.digests import digest, is_same
from identities.credentials.former_digests import carry_over
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import is_live
from identities.credentials.usage import Source
from identities.inventory import knocks
from identities.inventory.models import ManagedIdentity
from identities.statements.prepared import Prepared
from identities.statements.witnessed import Row, Witness, Witnessed

Secrets = models.QuerySet[ClientSecret]
MAX_BYTES = 256
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a proof by secret rests on: the secret's digest and end, and all that the query behind it found."""

    digest: str = field(repr=False)
    ends_at: datetime | None
    witness: Witness = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that showed a live secret of an enabled identity. `wait_seconds`: it comes too often, see `pace`.

    `seen` is there where the whole proof lies in what was read: not for a key, and not for a secret that has a pace.
    """

    identity: ManagedIdentity
    secret_id: UUID
    at: datetime
    beside: tuple[tuple[Any, ...], ...] = ()
    wait_seconds: int = 0
    seen: Seen | None = None

    @property
    def is_throttled(self) -> bool:
        """It is who it says, and is to be refused all the same until `wait_seconds` have passed."""
        return self.wait_seconds > 0


def authenticate(
    client_id: str,
    secret_text: str,
    lookup: "Lookup | None" = None,
    *,
    source: Source | None = None,
    is_check: bool = False,
) -> Authenticated | None:
    """Answer the identity, or None: for an unknown client, a wrong or ended secret and a disabled identity alike.

    Each of these costs the same: one keyed digest, one query by that digest, one comparison. The digest is keyed, so
    looking it up tells a stranger nothing. While the installation's key is being replaced, what is not found is asked
    for once more, under the former one. Text over 256 bytes is not hashed at all. A success is a use of the secret,
    from `source`, and of the identity; a right secret of a stopped identity is a knock (both written within five
    seconds). `is_check` leaves no mark and waits for no pace: nobody's use. A `lookup` of a room above reads more in
    the same query. Who is `is_throttled` is known, and to be turned away.
    """
    at = timezone.now()
    of = digest_of(secret_text)
    secret, beside, witness = (lookup or _BY_DIGEST).find(of, at)
    if secret is None and carry_over(_hashable(secret_text)):
        secret, beside, witness = (lookup or _BY_DIGEST).find(of, at)
    is_right = is_same(client_id[:MAX_BYTES], secret.identity.client_id if secret else _NOBODY)
    if secret is None or not is_right or not is_live(secret, at):
        return None
    if not secret.identity.is_enabled:
        if not is_check:
            note_knock(secret.identity, source or usage.UNKNOWN, at)
        return None
    wait = 0
    if not is_check:
        usage.note(secret.id, secret.identity_id, source=source, at=at)
        wait = pace.wait(secret.id, secret.throttled_at)
    seen = Seen(of, secret.expires_at, witness) if secret.throttled_at is None else None
    return Authenticated(secret.identity, secret.id, at, beside, wait, seen)


def digest_of(secret_text: str) -> str:
    """The digest by which a secret is found; of text over 256 bytes, that of nobody's."""
    return digest(_hashable(secret_text))


def _hashable(secret_text: str) -> str:
    return secret_text if len(secret_text.encode(errors="surrogatepass")) <= MAX_BYTES else _NOBODY


def note_knock(identity: ManagedIdentity, source: Source, at: datetime) -> None:
    """Somebody came with a right proof of an identity that is stopped."""
    knocks.note(
        identity.pk,
        state=identity.state,
        since=identity.state_changed_at,
        address=source.address,
        user_agent=source.user_agent,
        at=at,
    )


_SECRET = ("id", "identity_id", "created_at", "rotate_by", "expires_at", "revoked_at", "throttled_at")
_COLUMNS = (*_SECRET, *(f"identity__{name}" for name in IDENTITY))


class Lookup:
    """The one query behind a client's proof: the secret of a digest with its identity.

    A room above may have columns of its own read beside them: `widen(secrets, at)` adds them to the query, which may
    give several rows for them, and `columns` names them.
    """

    def __init__(self, widen: "Callable[[Secrets, datetime], Secrets] | None" = None, *columns: str) -> None:
        def build(digest: str, at: datetime | None = None) -> "models.QuerySet[Any, Any]":
            found = ClientSecret.objects.filter(digest=digest).order_by()
            return (widen(found, at) if widen and at else found).values_list(*_COLUMNS, *columns)

        self._is_dated = widen is not None
        self._statement = Witnessed(Prepared(build, digest=str, **({"at": datetime} if widen else {})))

    def find(self, of: str, at: datetime) -> tuple[ClientSecret | None, tuple[tuple[Any, ...], ...], Witness]:
        """The secret with this digest, what `columns` hold in each row, and the witness of all that was found."""
        rows, witness = self._statement.rows(digest=of, **({"at": at} if self._is_dated else {}))
        if not rows:
            return None, (), witness
        secret = ClientSecret.from_db(None, _SECRET, rows[0][: len(_SECRET)])
        secret.identity = ManagedIdentity.from_db(None, IDENTITY, rows[0][len(_SECRET) : len(_COLUMNS)])
        return secret, tuple(row[len(_COLUMNS) :] for row in rows), witness

    def insert_while(self, seen: Seen, at: datetime, *rows: Row) -> bool:
        """Insert `rows` if this query finds at `at` what it found when it was `seen`; whether it did."""
        dated = {"at": at} if self._is_dated else {}
        return self._statement.insert(*rows, witness=seen.witness, digest=seen.digest, **dated)


_BY_DIGEST = Lookup()
