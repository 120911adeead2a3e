"""The next token of a client that got one lately: proved and written by one statement.

A client asks for tokens with the same secret over and over. What the full way read and decided for it is remembered in
this process; the next time the token is drawn from that, and the database inserts row and record only if the very
query of the full way still finds the very same (`inventory.witnessed`). Nothing remembered is ever believed: a secret
revoked, an identity stopped, a role granted or ended a moment ago, anywhere, leaves nothing inserted, and the full way
decides. Time decides nothing here that it does not decide there: roles are read as of now, ends are compared with now.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from audit import services as audit
from audit.models import AuditEvent
from identities.access.selectors import Held
from identities.credentials import usage
from identities.credentials.authentication import Authenticated, Seen, digest_of
from identities.credentials.digests import is_same
from identities.credentials.usage import Source
from identities.events import TokenEvent
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of, subject_of
from identities.tokens import authorise
from identities.tokens.minting import WITH_ROLES, Minted, draw
from identities.tokens.models import IssuedToken

#: About 6 KB each. Whoever was longest away goes first, and comes back by the full way.
MOST = 2_000


@dataclass(slots=True)
class Known:
    """One secret that opened the door, and all that was read with it. Never the secret; its digest is a keyed one."""

    identity: ManagedIdentity
    secret_id: UUID
    roles: Held
    seen: Seen = field(repr=False)
    event: "tuple[tuple[str, str], audit.Repeated] | None" = field(default=None, repr=False)

    def may(self, client_id: str, at: datetime) -> bool:
        """What the full way asks of these facts: the name, the secret's end, and what `authorise` knows."""
        is_live = self.seen.ends_at is None or self.seen.ends_at > at
        return is_same(client_id, self.identity.client_id) and is_live and not authorise.refusal(self.identity, at)

    def issued(self, kid: str, scope: str) -> audit.Repeated:
        """The record `token.issued` for this key and scope; it hardly ever changes."""
        of = (kid, scope)
        if self.event is None or self.event[0] != of:
            details = {"kid": kid, "scope": scope, "roles": list(self.roles.names)}
            actor, subject = actor_of(self.identity), subject_of(self.identity)
            self.event = (of, audit.Repeated(TokenEvent.ISSUED, actor=actor, subject=subject, details=details))
        return self.event[1]


class Memory:
    """At most `MOST` of them, by digest; the one that was used longest ago is forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Known] = OrderedDict()

    def get(self, digest: str) -> Known | None:
        with self._lock:
            known = self._known.get(digest)
            if known is not None:
                self._known.move_to_end(digest)
        return known

    def put(self, known: Known) -> None:
        with self._lock:
            self._known[known.seen.digest] = known
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    def drop(self, digest: str) -> None:
        with self._lock:
            self._known.pop(digest, None)

    def clear(self) -> None:
        """Forget all of them: for tests, which share a process."""
        with self._lock:
            self._known.clear()


memory = Memory()


def keep(proved: Authenticated, roles: Held) -> None:
    """The full way has just given a token to whom this proof is of."""
    if proved.seen is not None:
        memory.put(Known(proved.identity, proved.secret_id, roles, proved.seen))


def mint(client_id: str, secret_text: str, *, scope: str, source: Source | None) -> Minted | None:
    """A token for a client that is remembered and of which everything is as it was; else None: take the full way.

    As `minting.mint` otherwise: row and record are there before the answer. It is a use of the secret, from `source`.
    One statement.
    """
    at = timezone.now()
    digest = digest_of(secret_text)
    known = memory.get(digest)
    if known is None or not known.may(client_id, at):
        return None
    minted, row = draw(known.identity, scope, at, known.roles)
    told = known.issued(row["kid"], scope).values(jti=str(minted.jti), expires_at=row["expires_at"].isoformat())
    if not WITH_ROLES.insert_while(known.seen, at, (IssuedToken, row), (AuditEvent, told)):
        memory.drop(digest)
        return None
    usage.note(known.secret_id, known.identity.pk, source=source, at=at)
    return minted
