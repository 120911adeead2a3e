"""The keyed digest of a secret: a stolen table cannot be searched, and a check costs microseconds."""

import hmac
from hashlib import sha256

from audit.keys import derived_key

PURPOSE = b"steward client secrets"


def digest(text: str) -> str:
    """HMAC-SHA256 of `text` as 64 hex digits. Secrets hold 256 random bits, so no slow hash is called for."""
    return hmac.digest(derived_key(PURPOSE), text.encode(errors="surrogatepass"), sha256).hex()


def is_same(left: str, right: str) -> bool:
    """Constant-time comparison of two digests or identifiers."""
    return hmac.compare_digest(left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass"))
