"""Signing: the claims go in, a compact JWS comes out, always RS256."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from identities.jose.keys import ALGORITHM


@dataclass(frozen=True)
class Signer:
    """A private key that is already loaded, and its name. Loading costs 75 ms, so one object serves the process."""

    kid: str
    private: rsa.RSAPrivateKey


def sign(claims: Mapping[str, Any], signer: Signer, *, typ: str) -> str:
    """A compact JWS over `claims` with the header `alg` RS256, `typ` and `kid` and nothing else."""
    return jwt.encode(dict(claims), signer.private, algorithm=ALGORITHM, headers={"typ": typ, "kid": signer.kid})
