"""The text of a refresh token: its facts and a random part under our MAC, so a made-up one costs no query. Pure."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from audit import keys

PREFIX = "srt_"
MAX_LENGTH = 600
_SIGNING = b"steward refresh tokens"
_RESTING = b"steward refresh token digests"


class NotOurs(Exception):
    """`verification-failed`: not a text we made. `invalid-payload`: ours, and without what it must hold."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Claims:
    """Whose token it is, which row stands for it, and until when."""

    user_id: UUID
    refresh_id: UUID
    expires_at: datetime


def write(claims: Claims) -> str:
    """The text of a new token, with 256 random bits of its own."""
    body = {
        "sub": str(claims.user_id),
        "rid": str(claims.refresh_id),
        "exp": int(claims.expires_at.timestamp()),
        "rnd": secrets.token_urlsafe(32),
    }
    payload = _encode(json.dumps(body, separators=(",", ":")).encode())
    return f"{PREFIX}{payload}.{_encode(_mac(payload))}"


def read(text: str) -> Claims:
    """What a token says, or NotOurs. Not promised: that it is not past its end; the caller looks at `expires_at`."""
    payload, _, mac = text.removeprefix(PREFIX).partition(".")
    if not text.startswith(PREFIX) or len(text) > MAX_LENGTH or not _is_ours(payload, _decode(mac)):
        raise NotOurs("verification-failed")
    try:
        body = json.loads(_decode(payload))
        expires_at = datetime.fromtimestamp(body["exp"], UTC)
        return Claims(UUID(body["sub"]), UUID(body["rid"]), expires_at)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as exc:
        raise NotOurs("invalid-payload") from exc


def digest(text: str) -> str:
    """What rests in the database: a keyed hash, useless to who steals the table."""
    return _resting(keys.derived_key(_RESTING), text)


def is_of(text: str, resting: str) -> bool:
    """Whether this is the digest of `text`, under any key that is accepted; whoever uses it gets one of the present."""
    return any(hmac.compare_digest(resting, _resting(key, text)) for key in keys.accepted_keys(_RESTING))


def _resting(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _is_ours(payload: str, mac: bytes) -> bool:
    return any(hmac.compare_digest(mac, _mac(payload, key)) for key in keys.accepted_keys(_SIGNING))


def _mac(payload: str, key: bytes | None = None) -> bytes:
    return hmac.new(key or keys.derived_key(_SIGNING), payload.encode(), hashlib.sha256).digest()


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""
