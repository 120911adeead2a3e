"""What Passport keeps in a process, made new for a test; and a few keys, since making one costs a tenth of a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache as shared

from identities import throttle
from identities.jose import keys as jose_keys
from identities.tokens.keyring import keyring
from identities.tokens.remembered import memory
from identities.tokens.revocations import revocations


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=jose_keys.MINIMUM_BITS)


@contextmanager
def fresh() -> Iterator[None]:
    """Keys, stops and counts are process-wide: nothing of the test before is remembered, nothing of this one left."""
    numbers = iter(range(100))
    with patch.object(jose_keys, "generate_rsa", lambda: _key(next(numbers))):
        forget()
        yield
        forget()


def forget() -> None:
    keyring.forget()
    revocations.forget()
    throttle.forget()
    memory.clear()
    shared.clear()
