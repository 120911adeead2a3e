"""Signing: the claims go in, a compact JWS comes out."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import get_default_algorithms

from identities.jose.keys import PrivateKey, algorithm_of

_written = json.JSONEncoder(separators=(",", ":")).encode
_PADDING, _HASH = PKCS1v15(), SHA256()


@dataclass(frozen=True)
class Signer:
    """A private key that is already loaded, and its name. Loading costs 75 ms, so one object serves the process."""

    kid: str
    private: PrivateKey

    @cached_property
    def alg(self) -> str:
        """RS256 or ES256, as the kind of the key has it."""
        return algorithm_of(self.private)

    @cached_property
    def put(self) -> Callable[[bytes], bytes]:
        """The signature over a text, as a JWS holds it."""
        private = self.private
        if isinstance(private, rsa.RSAPrivateKey):
            return lambda text: private.sign(text, _PADDING, _HASH)
        algorithm = get_default_algorithms()[self.alg]
        return lambda text: bytes(algorithm.sign(text, private))

    @cached_property
    def heads(self) -> dict[str, bytes]:
        """The encoded headers made so far: for each type of token it is the same."""
        return {}

    def head(self, typ: str) -> bytes:
        """The encoded header for a token of this type."""
        return self.heads.get(typ) or self.heads.setdefault(typ, _part({"alg": self.alg, "typ": typ, "kid": self.kid}))


def sign(claims: Mapping[str, Any], signer: Signer, *, typ: str) -> str:
    """A compact JWS over `claims` with the header `alg`, `typ` and `kid` and nothing else."""
    text = signer.head(typ) + b"." + _part(claims)
    return (text + b"." + _base64url(signer.put(text))).decode()


def _part(members: Mapping[str, Any]) -> bytes:
    return _base64url(_written(members).encode())


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
