"""The keyed digest of a secret: a stolen table cannot be searched, and a check costs microseconds."""

import hmac
from hashlib import sha256

from audit import keys

PURPOSE = b"steward client secrets"


def digest(text: str) -> str:
    """HMAC-SHA256 of `text` as 64 hex digits. Secrets hold 256 random bits, so no slow hash is called for."""
    return _under(keys.derived_key(PURPOSE), text)


def former_digests(text: str) -> tuple[str, ...]:
    """What it was under each former key that is still accepted; nothing while no key is being replaced."""
    return tuple(_under(key, text) for key in keys.former_keys(PURPOSE))


def accepted_digests(text: str) -> tuple[str, ...]:
    """All that may rest of this very text: the present digest first."""
    return digest(text), *former_digests(text)


def is_same(left: str, right: str) -> bool:
    """Constant-time comparison of two digests or identifiers."""
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))


def _under(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(errors="surrogatepass"), sha256).hex()
