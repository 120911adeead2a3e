"""A public key as people paste it: PEM, or a JWK as text. A private key is refused before anything looks at it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.views.decorators.debug import sensitive_variables

from identities.jose import jwk as jwks
from identities.jose.jwk import PublicKey
from identities.jose.rsa_keys import BadKey

MAXIMUM_LENGTH = 16_384
PRIVATE = "a private key: whoever has sent it should not use it any more"
_MARKS = re.compile(r'PRIVATE|"(?:d|p|q|dp|dq|qi|oth|k)"\s*:', re.IGNORECASE)


def is_private(text: str) -> bool:
    """Whether `text` looks as if it held a private key, in any of the usual coats."""
    return _MARKS.search(text) is not None


@sensitive_variables("given", "found")
def read(given: str | Mapping[str, Any]) -> tuple[PublicKey, str, str]:
    """The key, what it signs with, and the name it gives itself (or none); raises BadKey."""
    found = _parsed(given) if isinstance(given, str) else given
    if not isinstance(found, Mapping):
        return *jwks.read(jwks.members_of(found)), ""
    if jwks.PRIVATE_MEMBERS & found.keys():
        raise BadKey(PRIVATE)
    if "keys" in found:
        raise BadKey("a set of keys: give one key of it")
    kid = found.get("kid", "")
    return *jwks.read(found), kid if isinstance(kid, str) else ""


@sensitive_variables("text")
def _parsed(text: str) -> Mapping[str, Any] | PublicKey:
    if is_private(text):
        raise BadKey(PRIVATE)
    if len(text) > MAXIMUM_LENGTH:
        raise BadKey("too long for a public key")
    if text.lstrip().startswith("{"):
        return _from_json(text)
    if "BEGIN CERTIFICATE" in text:
        raise BadKey("a certificate: give the public key in it")
    try:
        return jwks.check(load_pem_public_key(text.strip().encode()))
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("neither PEM (BEGIN PUBLIC KEY) nor a JWK") from None


def _from_json(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKey("not JSON") from None
    return found if isinstance(found, Mapping) else {}
