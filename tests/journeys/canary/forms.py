"""A secret in the forms in which it could lie somewhere: as it is, in Base64 at any offset, in hex, in UTF-16."""

import base64
from collections.abc import Iterable

#: So many letters of the middle are enough to know it by, and no hint (its last four) is that long.
TELLING = slice(8, 40)


def forms(secret: str) -> dict[str, bytes]:
    """What to look for, by the name of the form."""
    part = secret[TELLING].encode()
    found = {"plain": part, "hex": part.hex().encode(), "utf-16": secret[TELLING].encode("utf-16-le")}
    for offset in range(3):
        # Of a text at any place in a Base64 stream, all but the letters at both ends are the same.
        encoded = base64.b64encode(b"\0" * offset + part)
        found[f"base64+{offset}"] = encoded[4:-4]
    return found


def hits(secrets: Iterable[str], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where which of these secrets lies in what form; the secret itself is not repeated."""
    wanted = [(f"…{secret[-4:]}", name, text) for secret in secrets for name, text in forms(secret).items()]
    return [f"{hint} as {name} in {place}" for place, held in places for hint, name, text in wanted if text in held]
