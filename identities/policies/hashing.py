"""The content hash of a policy: what a review or an approval pins."""

from hashlib import sha256


def content_hash(text: str) -> str:
    """SHA-256 of the text, as 64 hex digits."""
    return sha256(text.encode()).hexdigest()
