"""What the settings say about tokens, read in one place."""

from datetime import timedelta

from django.conf import settings


def issuer() -> str:
    """`iss`: fixed by configuration, never taken from a Host header."""
    return str(settings.PASSPORT_ISSUER)


def audience() -> str:
    """`aud` of machine tokens; set to nothing, the issuer."""
    return str(settings.PASSPORT_AUDIENCE or issuer())


def portal_audience() -> str:
    """`aud` of people's tokens: never the machines' one, so neither is taken for the other."""
    return f"{issuer()}/portal"


def signing_algorithm() -> str:
    """What the next signing key is for: RS256, or ES256."""
    return str(settings.PASSPORT_SIGNING_ALG)


def access_token_lifetime() -> timedelta:
    """How long a machine token lives."""
    return timedelta(seconds=int(settings.PASSPORT_TOKEN_TTL))


def user_token_lifetime() -> timedelta:
    """How long a person's access token lives."""
    return timedelta(seconds=int(settings.AUTH_ACCESS_TOKEN_TTL))


def longest_lifetime() -> timedelta:
    """No token outlives this: how long a retired key must stay published."""
    return max(access_token_lifetime(), user_token_lifetime())
