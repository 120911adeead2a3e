"""How a client secret reads: `nhi_<env>_<43 base62>_<6 base62 of CRC32>`. Pure; recognised offline, by anybody."""

import re
import secrets
import string
from collections.abc import Iterator
from zlib import crc32

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
BODY_LENGTH = 43  # 62^43 > 2^256
CHECKSUM_LENGTH = 6  # 62^6 > 2^32
ENVIRONMENTS = {"production": "prod", "staging": "stag", "development": "dev", "sandbox": "sbx"}

_WORD = "|".join(ENVIRONMENTS.values())
_PATTERN = re.compile(
    rf"(?<![0-9A-Za-z_])nhi_(?:{_WORD})_[0-9A-Za-z]{{{BODY_LENGTH}}}_[0-9A-Za-z]{{{CHECKSUM_LENGTH}}}(?![0-9A-Za-z])"
)


def generate(environment: str) -> str:
    """A new secret of 256 random bits for `environment` (a full word, such as production)."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH))
    stem = f"nhi_{ENVIRONMENTS[environment]}_{body}"
    return f"{stem}_{checksum(stem)}"


def checksum(stem: str) -> str:
    """CRC32 of everything before the last underscore, as six base62 digits, most significant first."""
    number = crc32(stem.encode())
    digits = []
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def is_well_formed(text: str) -> bool:
    """Does `text` read as one of our secrets, checksum included? Says nothing about whether it was ever issued."""
    if not _PATTERN.fullmatch(text):
        return False
    stem, _, check = text.rpartition("_")
    return checksum(stem) == check


def find(text: str) -> Iterator[str]:
    """Every well-formed secret inside `text` (a log, a commit, a page), in order."""
    return (match.group() for match in _PATTERN.finditer(text) if is_well_formed(match.group()))
