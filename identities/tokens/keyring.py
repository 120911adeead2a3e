"""The keys of this process: loaded once, looked at again every two seconds, so a rotation is noticed everywhere."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from identities.errors import Unavailable
from identities.jose import keys as jose_keys
from identities.jose.keys import PrivateKey, PublicKey
from identities.jose.sign import Signer
from identities.tokens.models import SigningKey
from identities.vaults import sealed_box

REFRESH_SECONDS = 2.0
MISS_SECONDS = 0.5
PURPOSE = "steward signing keys"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One published key as this process holds it."""

    kid: str
    public: PublicKey
    jwk: Mapping[str, Any]
    activated_at: datetime
    retired_at: datetime | None

    def signs_at(self, at: datetime) -> bool:
        return self.activated_at <= at and (self.retired_at is None or at < self.retired_at)


def published(at: datetime) -> "list[SigningKey]":
    """Keys a verifier may still need at `at`: neither revoked nor past the end of the last token they signed."""
    alive = Q(removed_after__isnull=True) | Q(removed_after__gt=at)
    return list(SigningKey.objects.filter(alive, revoked_at__isnull=True).order_by("-activated_at"))


class Keyring:
    """Signer and public keys. A private key is unsealed and parsed once and kept; only the list is read again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._signers: dict[str, Signer] = {}
        self._sealed: dict[str, str] = {}
        self._public: dict[str, PublicKey] = {}
        self._read_at = float("-inf")

    def signer(self, at: datetime) -> Signer:
        """The key that signs at `at`, the newest of those that may; raises Unavailable when there is none.

        The rows say which, and never the setting: processes that were started with another one agree.
        """
        self._refresh(REFRESH_SECONDS)
        candidates = [entry for entry in self._entries.values() if entry.signs_at(at)]
        if not candidates:
            raise Unavailable("There is no signing key.", code="no_signing_key")
        entry = max(candidates, key=lambda candidate: candidate.activated_at)
        return self._signers.get(entry.kid) or self._load(entry.kid)

    def public_keys(self, kid: str = "") -> Mapping[str, PublicKey]:
        """The keys to verify with. A `kid` not among them makes the list be read again, at most twice a second."""
        self._refresh(REFRESH_SECONDS)
        if kid and kid not in self._public:
            self._refresh(MISS_SECONDS)
        return self._public

    def forget(self) -> None:
        """Read the list again before the next use; loaded key objects are kept."""
        self._read_at = float("-inf")

    def _refresh(self, age: float) -> None:
        if time.monotonic() - self._read_at < age:
            return
        with self._lock:
            if time.monotonic() - self._read_at < age:
                return
            rows = published(timezone.now())
            self._take(rows)
            self._read_at = time.monotonic()

    def _take(self, rows: "list[SigningKey]") -> None:
        entries: dict[str, Entry] = {}
        for row in rows:
            known = self._entries.get(row.kid)
            public = known.public if known else jose_keys.public_key_from_jwk(row.public_jwk)
            entries[row.kid] = Entry(row.kid, public, row.public_jwk, row.activated_at, row.retired_at)
        self._sealed = {row.kid: row.sealed_private for row in rows}
        self._signers = {kid: signer for kid, signer in self._signers.items() if kid in entries}
        self._public = {kid: entry.public for kid, entry in entries.items()}
        self._entries = entries

    def _load(self, kid: str) -> Signer:
        with self._lock:
            signer = self._signers.get(kid) or Signer(kid, self._unseal(kid))
            self._signers[kid] = signer
        return signer

    def _unseal(self, kid: str) -> PrivateKey:
        log.info("signing key loaded", extra={"kid": kid})
        return jose_keys.from_der(sealed_box.open(self._sealed[kid], PURPOSE, place=kid))


keyring = Keyring()
