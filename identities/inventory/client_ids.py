"""Client ids: `mi_` and 22 base62 characters, drawn at random and never reused."""

import secrets
import string

ALPHABET = string.digits + string.ascii_letters
LENGTH = 22


def new_client_id() -> str:
    """An id that says nothing of its tenant or name; no secret, but not to be guessed either (131 bits)."""
    number, letters = secrets.randbelow(len(ALPHABET) ** LENGTH), []
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "mi_" + "".join(letters)
