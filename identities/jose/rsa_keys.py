"""What makes an RSA key one that must not be used: its size, its exponent, the generator that made it."""

from cryptography.hazmat.primitives.asymmetric import rsa

MINIMUM_BITS = 2048
MAXIMUM_BITS = 8192
SMALL_PRIMES = tuple(n for n in range(3, 168) if all(n % divisor for divisor in range(2, n)))


class BadKey(Exception):
    """A key that must not be used; the message says why and holds nothing of the key."""


def check_public(key: rsa.RSAPublicKey) -> None:
    """Raises BadKey for a modulus outside 2048 to 8192 bits, a weak exponent, or the ROCA mark (CVE-2017-15361)."""
    numbers = key.public_numbers()
    if not MINIMUM_BITS <= numbers.n.bit_length() <= MAXIMUM_BITS:
        raise BadKey(f"RSA modulus of {numbers.n.bit_length()} bits")
    if numbers.e < 65537 or numbers.e % 2 == 0 or numbers.e.bit_length() > 64:
        raise BadKey("RSA exponent out of range")
    if numbers.n % 2 == 0:
        raise BadKey("RSA modulus is even")
    if _has_roca_fingerprint(numbers.n):
        raise BadKey("RSA modulus was made by a generator known to be weak")


def _has_roca_fingerprint(modulus: int) -> bool:
    """Whether the modulus is a power of 65537 modulo each small prime, as only the faulty generator makes it."""
    return all(modulus % prime in _POWERS[prime] for prime in SMALL_PRIMES)


def _powers_of_65537(prime: int) -> frozenset[int]:
    return frozenset(pow(65537, exponent, prime) for exponent in range(prime - 1))


_POWERS = {prime: _powers_of_65537(prime) for prime in SMALL_PRIMES}
