"""Private keys on the client's side, and the assertions it signs with them."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from identities.credentials import keys
from identities.credentials.models import ClientKey
from identities.inventory.models import ManagedIdentity
from identities.jose import jwk as jwks
from identities.tokens import settings
from tests.factories import tokens as made

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Made once a number, since making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private(alg: str) -> Any:
    if alg in ("RS256", "PS256"):
        return rsa_key()
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1() if alg == "ES256" else ec.SECP384R1())


def jwk_of(key: Any, alg: str = "") -> dict[str, str]:
    return jwks.members_of(key.public_key()) | ({"alg": alg} if alg else {})


def pem_of(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(frozen=True)
class Signing:
    """An identity with a key of ours on record, and the private half that only the client has."""

    identity: ManagedIdentity
    key: ClientKey
    private: Any = field(repr=False)

    @property
    def client_id(self) -> str:
        return self.identity.client_id

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of a good assertion; `...` leaves one out."""
        now = int(time.time())
        members = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": settings.issuer(),
            "exp": now + 60,
            "iat": now,
            "jti": str(uuid.uuid4()),
        }
        return {name: value for name, value in (members | changed).items() if value is not ...}

    def assertion(self, *, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        headers = {"kid": self.key.kid, **(header or {})}
        return jwt.encode(self.claims(**changed), self.private, algorithm=self.key.alg, headers=headers)


def signing(*, alg: str = "ES256", of: ManagedIdentity | None = None, **facts: Any) -> Signing:
    """An identity that proves itself by a key of this kind."""
    identity = of or made.identity(**facts)
    key = private(alg)
    added = keys.add_key(identity, public_key=jwk_of(key, alg), actor=made.SYSTEM)
    return Signing(identity, added.key, key)
