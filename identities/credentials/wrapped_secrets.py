"""A secret of ours inside Base64, wherever in a group of four it begins, and with its lines broken or not. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator

from identities.credentials.secret_format import BODY_LENGTH, CHECKSUM_LENGTH, ENVIRONMENTS, is_well_formed

#: How far before its first known characters the group of four begins, at the most.
BEHIND = 4
#: Characters of Base64 that hold the longest secret, and as many again for broken lines.
DIGITS, WINDOW, NEAR = 100, 256, 40

_SECRET = re.compile(
    rf"nhi_(?:{'|'.join(ENVIRONMENTS.values())})_[0-9A-Za-z]{{{BODY_LENGTH}}}_[0-9A-Za-z]{{{CHECKSUM_LENGTH}}}"
)
#: What breaks Base64 into lines: as files, mail, JSON and source code write it.
_BREAKS = re.compile(r'[\r\n\t ]+|\\r|\\n|"\s*\+\s*"')
_STANDARD = str.maketrans("-_", "+/")
_DIGITS = re.compile(r"[A-Za-z0-9+/]*")


def _known(text: str, offset: int) -> str:
    """The characters that `text` always has in Base64 when it stands `offset` bytes after the start of a group."""
    first, last = -(-offset * 8 // 6), (offset + len(text)) * 8 // 6
    return base64.b64encode(b"\0" * offset + text.encode() + b"\0" * 4).decode()[first:last]


#: By what it begins with: how many characters before that its group begins, and how it goes on in each environment.
_STARTS = {
    _known("nhi_", offset): (
        -(-offset * 8 // 6),
        tuple(_known(f"nhi_{word}_", offset) for word in ENVIRONMENTS.values()),
    )
    for offset in range(3)
}
_WORDS = tuple(word for _, words in _STARTS.values() for word in words)
LONGEST_START = max(map(len, _WORDS))
_BROKEN = re.compile("|".join(r"(?:\r?\n)?".join(start) for start in _STARTS))


def wrapped(held: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Where in `held` a secret in Base64 begins, from `start` on and before `end`, and the secret itself.

    `held` goes on for at least WINDOW characters after `end`, or ends there; what is before `start` by up to BEHIND
    characters belongs to it too.
    """
    for needle, (before, words) in _STARTS.items():
        at = held.find(needle, start, end + len(needle))
        while 0 <= at < end:
            # Hardly anything gets past this: what does costs a hundred times as much.
            if held.startswith(words, at) or _BREAKS.search(held, at, at + len(words[0]) + 1):
                yield from _unwrapped(held, at, before)
            at = held.find(needle, at + 1, end + len(needle))
    if _has_broken(held):
        for match in _BROKEN.finditer(held, start):
            if match.start() < end and (needle := _BREAKS.sub("", match.group())) != match.group():
                yield from _unwrapped(held, match.start(), _STARTS[needle][0])


def _has_broken(held: str) -> bool:
    """Does any of the beginnings stand across the end of a line?"""
    if "\n" not in held:
        return False
    joined = held.replace("\r", "").replace("\n", "")
    return any(joined.count(needle) > held.count(needle) for needle in _STARTS)


def _unwrapped(held: str, at: int, before: int) -> Iterator[tuple[int, str]]:
    """The secret whose first characters stand at `at`, if there is one."""
    near = _BREAKS.sub("", held[at : at + NEAR])
    if len(near) >= LONGEST_START and not near.startswith(_WORDS):
        return
    group = _BREAKS.sub("", held[max(0, at - BEHIND - 2) : at])[-before:] if before else ""
    whole = _DIGITS.match((group + _BREAKS.sub("", held[at : at + WINDOW])).translate(_STANDARD)[:DIGITS])
    digits = whole.group() if whole is not None else ""
    if len(group) < before or len(digits) < len(group) + 1:
        return
    try:
        match = _SECRET.search(base64.b64decode(_filled(digits)).decode("latin-1"))
    except binascii.Error:
        return
    if match is not None and is_well_formed(match.group()):
        yield at, match.group()


def _filled(digits: str) -> str:
    """Whole groups of four; a single left-over character carries no byte."""
    left = len(digits) % 4
    return digits[:-1] if left == 1 else digits + "=" * (-len(digits) % 4)
