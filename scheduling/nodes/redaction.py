"""Cutting a token out of what a receiver sent back, in the forms in which receivers echo their requests. Pure."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

REDACTED = "[redacted]"
#: Characters of base64 that bytes before the token have a part in, by how many of them stand in the first group.
_SHARED = (0, 2, 3)


class Redactor:
    """Knows one token as itself, in hexadecimal, and in base64 at each place where it can begin."""

    def __init__(self, token: str) -> None:
        self._forms = sorted(set(_forms(token.encode())), key=len, reverse=True) if token else []

    def raw(self, body: bytes) -> bytes:
        """`body` without the token."""
        for form in self._forms:
            body = body.replace(form, REDACTED.encode())
        return body

    def text(self, value: str) -> str:
        """`value` without the token."""
        for form in self._forms:
            value = value.replace(form.decode(), REDACTED)
        return value

    def plain(self, value: Any) -> Any:
        """JSON already read: an escape (`\\u0065`, `\\/`) may have kept the token from being seen before."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.plain(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.plain(inner) for inner in value]
        return value


def _forms(token: bytes) -> Iterator[bytes]:
    yield token
    yield token.hex().encode()
    yield token.hex().upper().encode()
    for encoded in (base64.b64encode, base64.urlsafe_b64encode):
        yield encoded(token)
        for before, shared in enumerate(_SHARED):
            whole = (before + len(token)) // 3 * 4
            inner = encoded(b"\0" * before + token)[shared:whole]
            if len(inner) >= 16:
                yield inner
