"""What a portal password must be, and how it rests. Pure but for the hasher."""

import string
from functools import cache

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password
from django.core.exceptions import ValidationError

MAX_LENGTH = 128


class Argon2(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane (OWASP's figures).

    Django's own figures ask for 100 MiB a hash: some thirty sign-ins at once would eat a small host.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1


def problems(text: str, *, min_length: int) -> list[str]:
    """What is missing from `text`, in words; an empty list says it will do (S2-02, S2-18)."""
    rules = (
        (len(text) >= min_length, f"At least {min_length} characters."),
        (len(text) <= MAX_LENGTH, f"At most {MAX_LENGTH} characters."),
        (any(letter.isupper() for letter in text), "At least one upper-case letter."),
        (any(letter.islower() for letter in text), "At least one lower-case letter."),
        (any(letter.isdigit() for letter in text), "At least one digit."),
        (any(_is_symbol(letter) for letter in text), f"At least one symbol, such as {string.punctuation[:8]}"),
    )
    return [message for is_met, message in rules if not is_met]


def _is_symbol(letter: str) -> bool:
    return not letter.isalnum() and letter.isprintable()


class Composition:
    """The same rules as a Django password validator, so the admin's password forms ask for them too."""

    def __init__(self, min_length: int = 12) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError with every rule that is not met."""
        if found := problems(password, min_length=self.min_length):
            raise ValidationError([ValidationError(message, code="password_too_weak") for message in found])

    def get_help_text(self) -> str:
        return (
            f"{self.min_length} to {MAX_LENGTH} characters with an upper-case and a lower-case letter, "
            "a digit and a symbol."
        )


@cache
def nobodys() -> str:
    """A hash that no password fits. Made once; ask for it on every path, or the first miss is a slow one."""
    return make_password("nobody has this password")


def spend_as_much(text: str) -> None:
    """Hash against nothing, so that an unknown address costs what a known one does."""
    check_password(text, nobodys())
