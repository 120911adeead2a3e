"""Keeps secrets and control characters out of what is recorded: masks rather than refuses, so no change is lost.

Pure. A net under the callers, who pass no secret in the first place.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from uuid import UUID

from audit import chain

MASK = "[masked]"
MAX_TEXT = 4000
MAX_DEPTH = 8
#: `eyJ`, five characters, a dot and one more; a password in an address is looked for by its @.
SHORTEST_SECRET = 10

_SECRET_NAME = re.compile(
    r"secret|password|passwd|passphrase|private_?key|api_?key|token|assertion|authorization|credential|cookie",
    re.IGNORECASE,
)
# Names that sound like a secret and hold none: references, ids, counts, times, states.
_HARMLESS_NAME = re.compile(
    r"^(secret_?name|secret_?reference|store_?secret_?at|secret_?hint|issue_?secret|sealed_?credential_?set"
    r"|refresh_?token|service_?token|token_?type|token_?endpoint|token_?issuer|token_?jti"
    r"|.*_?(id|ids|at|until|hint|count|kind|version|env|ttl|status|expires_?in|by))$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"nhi_(?:[a-z]+)_[A-Za-z0-9]{20,}(?:_[A-Za-z0-9]+)?"  # our own client secrets
    r"|srt_[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]*)?"  # our own refresh tokens
    r"|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*"  # JWT
    r"|\b(?:hvs|hvb|s)\.[A-Za-z0-9_-]{20,}"  # Vault and OpenBao tokens
    r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?i:\b(?:bearer|basic)\s+[A-Za-z0-9+/=._~-]{16,})"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in an address
)
# C0 and C1 controls, line separators, bidirectional marks, lone surrogates: they forge lines or break the database.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


# Ids, correlation ids and times, most of what a record is made of: no secret of those above can be spelt in these.
_IDS_AND_TIMES = re.compile(r"[0-9a-fTZ:.+-]*")


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` with secrets masked and unprintable characters written out, no longer than `limit` characters."""
    if len(text) <= limit and (_IDS_AND_TIMES.fullmatch(text) or _is_harmless(text)):
        return text
    masked = _SECRET_TEXT.sub(MASK, text[: MAX_TEXT * 4])
    visible = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", masked)
    return visible if len(visible) <= limit else visible[: limit - 1] + "…"


def holds_secret(text: str) -> bool:
    """Does `text` hold something that reads as a secret, as `clean_text` would mask it?"""
    return _SECRET_TEXT.search(text) is not None


def mask(text: str) -> str:
    """`text` with what reads as a secret masked, and nothing else about it changed."""
    return _SECRET_TEXT.sub(MASK, text)


def _is_harmless(text: str) -> bool:
    """Too short for any secret that is known by its look, and nothing in it to be written out: most words are."""
    return len(text) < SHORTEST_SECRET and "@" not in text and text.isprintable()


def clean_members(members: Mapping[str, object]) -> dict[str, object]:
    """`members` as plain JSON without secrets: floats, dates and ids become text, deep nesting ends in a mask."""
    return _members(members, 0)


def clean_changes(changes: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """As `clean_members`, for `{field: {"previous": …, "current": …}}`; a secret-looking field masks its values."""
    return {
        clean_text(field, 200): (
            {name: value if _is_bare(value) else MASK for name, value in sides.items()}
            if _is_secret(field)
            else {name: _clean(name, value, 1) for name, value in sides.items()}
        )
        for field, sides in changes.items()
    }


def _members(members: Mapping[str, object], depth: int) -> dict[str, object]:
    return {clean_text(str(name), 200): _clean(str(name), value, depth) for name, value in members.items()}


def _clean(name: str, value: object, depth: int) -> object:
    if _is_bare(value):
        return value
    if _is_secret(name) or depth > MAX_DEPTH:
        return MASK
    if type(value) is str:  # most values are; asking whether they are a Mapping costs more than cleaning them
        return clean_text(value)
    if isinstance(value, Mapping):
        return _members(value, depth + 1)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_clean("", item, depth + 1) for item in items]
    return _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return chain.moment(value) if value.tzinfo else value.isoformat()
    if isinstance(value, str | float | Decimal | UUID | date):
        return clean_text(str(value))
    return clean_text(f"<{type(value).__name__}>")


@lru_cache(maxsize=2048)
def _is_secret(name: str) -> bool:
    """Asked for the name of every member: the same few hundred, over and over."""
    return _SECRET_NAME.search(name) is not None and _HARMLESS_NAME.match(name) is None


def _is_bare(value: object) -> bool:
    return value is None or isinstance(value, bool)
