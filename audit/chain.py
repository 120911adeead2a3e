"""The arithmetic of the chain: canonical form, tag of one record, link to the one before, signature of a checkpoint.

Pure: no database, no clock, no settings. `key` is 32 bytes, macs are 64 lower-case hexadecimal digits.
"""

import hmac
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, object]

GENESIS = "0" * 64
FORM = "steward-audit-1"

# Known only after the tag is made: the row id, and the tag itself.
UNTAGGED = frozenset({"id", "tag"})

_ATOMS = frozenset({str, int, bool, type(None)})
_NAMES = frozenset({str})


def canonical(value: object) -> bytes:
    """One encoding for each value: sorted members, no spaces, ASCII; floats have no such form and are refused."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def written(value: object) -> str:
    """The canonical form of one value as text."""
    return encode_basestring_ascii(value) if type(value) is str else canonical(value).decode("ascii")


class Stencil:
    """The canonical form of members of which some change: what stays is written once."""

    def __init__(self, stays: Fields, changing: Collection[str]) -> None:
        self._parts: list[tuple[str, str]] = []
        text = "{"
        for name in sorted({*stays, *changing}):
            text += f"{'' if text == '{' else ','}{written(name)}:"
            if name in changing:
                self._parts.append((text, name))
                text = ""
            else:
                text += written(stays[name])
        self._end = text + "}"

    def of(self, changing: Mapping[str, str]) -> str:
        """The whole, as `canonical` writes it; those that change are given as `written`."""
        return "".join([part for text, name in self._parts for part in (text, changing[name])]) + self._end


def moment(at: datetime) -> str:
    """`at` in UTC to the microsecond, always the same width."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def tag(key: bytes, record: Fields) -> str:
    """What only a holder of the key can put on a new record, before it has a number."""
    return _mac(key, ["record", record])


def tag_of_written(key: bytes, record: str) -> str:
    """As `tag`, of a record that is `written` already."""
    return hmac.digest(key, f'["{FORM}","record",{record}]'.encode("ascii"), "sha256").hex()


def link(key: bytes, seq: int, previous: str, record: Fields) -> str:
    """The mac of record `seq`, standing on the mac before it; the first stands on `GENESIS`."""
    return _mac(key, ["link", seq, previous, record])


def signature(key: bytes, checkpoint: Fields) -> str:
    """What only a holder of the key can put on a checkpoint."""
    return _mac(key, ["checkpoint", checkpoint])


def is_same(left: str, right: str) -> bool:
    """Equal, compared in constant time; text outside ASCII is simply different."""
    return hmac.compare_digest(left.encode("utf-8", "backslashreplace"), right.encode("utf-8", "backslashreplace"))


def _mac(key: bytes, parts: list[object]) -> str:
    return hmac.digest(key, canonical([FORM, *parts]), "sha256").hex()


def _refuse_floats(value: object) -> None:
    # A database may hand 1e16 back as an integer: the same record would then have two forms.
    if type(value) is dict or isinstance(value, Mapping):
        if not {*map(type, value)} <= _NAMES and not all(isinstance(name, str) for name in value):
            msg = "member names are text"
            raise TypeError(msg)
        inner: Collection[object] = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    elif isinstance(value, float):
        msg = "a float has no canonical form"
        raise TypeError(msg)
    else:
        return
    if {*map(type, inner)} <= _ATOMS:
        return
    for item in inner:
        if type(item) not in _ATOMS:
            _refuse_floats(item)
