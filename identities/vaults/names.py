"""Names inside a vault: spelled plainly, and never leading out of the prefix they belong under. Pure."""

import re

from identities.vaults.failures import VaultPathRefused

MAX_PATH = 400

# No dot, sign or space may lead; no percent, backslash, control or wide character may appear anywhere.
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+=~-]*", re.ASCII)

_DASHED = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", re.ASCII)
_UNDERSCORED = re.compile(r"[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*", re.ASCII)


def plain_path(text: str, member: str = "secret_name") -> str:
    """`text` as it is, if it is segments of plain characters with single slashes between; raises `VaultPathRefused`.

    What is refused rather than repaired: absolute, `.` and `..`, empty segments, anything encoded or unprintable. So
    no two spellings name one secret, and no decoder further on can make another path of it.
    """
    segments = text.split("/")
    if not text or len(text) > MAX_PATH or not all(_SEGMENT.fullmatch(part) and ".." not in part for part in segments):
        raise VaultPathRefused({member: ["must be plain segments such as team/payroll-bot"]})
    return text


def confined(prefix: str, name: str) -> str:
    """The path of `name` under `prefix`; both plain, so the result cannot leave the prefix."""
    inner = plain_path(name)
    return f"{plain_path(prefix, 'settings')}/{inner}" if prefix else inner


def dashed(path: str, *, longest: int, member: str = "secret_name", underscore: bool = False) -> str:
    """`path` for a vault whose names have no slashes: each becomes two dashes. Raises `VaultPathRefused`.

    Segments hold letters, digits and single dashes inside (and `_` with `underscore`), so no two paths share a name.
    """
    plain_path(path, member)
    segment = _UNDERSCORED if underscore else _DASHED
    found = path.replace("/", "--")
    if len(found) > longest or not all(segment.fullmatch(part) for part in path.split("/")):
        allowed = "letters, digits and single dashes" + (" and underscores" if underscore else "")
        raise VaultPathRefused({member: [f"this vault's names are segments of {allowed}, {longest} characters in all"]})
    return found


def plain_version(version: str | None) -> int | None:
    """A version number from 1 up, or none; raises `VaultPathRefused`."""
    if version is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", version, re.ASCII):
        raise VaultPathRefused({"version": ["must be a whole number from 1"]})
    return int(version)
