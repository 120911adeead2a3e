"""A secret on its way from a vault to the one function that needs it."""

import hmac
from typing import NoReturn


class SecretText:
    """Holds a secret so that printing, logging, formatting or serialising it shows nothing.

    `reveal()` is the only way to the value; call it inside the function that hands the value on and keep no copy.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "SecretText(masked)"

    def __str__(self) -> str:
        return "[masked]"

    def __format__(self, _spec: str) -> str:
        return "[masked]"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # never a key, never in a cache

    def __reduce__(self) -> NoReturn:
        # Pickled it would land in a broker, a cache or a traceback store.
        msg = "a secret is not serialised"
        raise TypeError(msg)
