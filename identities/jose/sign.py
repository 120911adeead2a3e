"""Signing: the claims go in, a compact JWS comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jwt

from identities.jose.keys import PrivateKey, algorithm_of


@dataclass(frozen=True)
class Signer:
    """A private key that is already loaded, and its name. Loading costs 75 ms, so one object serves the process."""

    kid: str
    private: PrivateKey

    @cached_property
    def alg(self) -> str:
        """RS256 or ES256, as the kind of the key has it."""
        return algorithm_of(self.private)


def sign(claims: Mapping[str, Any], signer: Signer, *, typ: str) -> str:
    """A compact JWS over `claims` with the header `alg`, `typ` and `kid` and nothing else."""
    return jwt.encode(dict(claims), signer.private, algorithm=signer.alg, headers={"typ": typ, "kid": signer.kid})
