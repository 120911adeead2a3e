"""What a certificate says of itself: read out of PEM that somebody pasted, of which nothing else is kept. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from django.views.decorators.debug import sensitive_variables

from identities.jose import pem

MAXIMUM_LENGTH = 64 * 1024
MOST = 20
_BLOCK = re.compile(
    # No hyphen inside: a beginning without an end is given up at the next one, so that the work grows with the text.
    r"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)
MAXIMUM_NAME = 1000
_NAMES: dict[type, str] = {
    rsa.RSAPublicKey: "RSA",
    dsa.DSAPublicKey: "DSA",
    ed25519.Ed25519PublicKey: "Ed25519",
    ed448.Ed448PublicKey: "Ed448",
}


class NotACertificate(Exception):
    """The text is none we can read; the message says why and holds nothing of it."""


@dataclass(frozen=True)
class Certificate:
    """The facts of one certificate. `fingerprint` is SHA-256 in hex; `key_size` is in bits."""

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    key_size: int | None
    fingerprint: str
    is_authority: bool = False

    def as_json(self) -> dict[str, object]:
        """What is kept beside the columns for its end and its fingerprint."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "not_before": self.not_before.isoformat(),
            "key_algorithm": self.key_algorithm,
            "key_size": self.key_size,
        }


@sensitive_variables("text")
def read(text: str) -> Certificate:
    """The certificate in `text`; of a chain, the one that no other in it was issued by.

    Raises NotACertificate, for a private key among it as well: whatever stands beside it is refused with it.
    """
    if pem.is_private(text):
        raise NotACertificate(
            "There is a private key in it. Paste the certificate alone, and treat that key as exposed."
        )
    if len(text) > MAXIMUM_LENGTH:
        raise NotACertificate(f"At most {MAXIMUM_LENGTH // 1024} KiB.")
    blocks = _BLOCK.findall(text)
    if not blocks:
        raise NotACertificate("There is no PEM certificate in it: it begins with -----BEGIN CERTIFICATE-----.")
    if len(blocks) > MOST:
        raise NotACertificate(f"At most {MOST} certificates.")
    return _leaf([_loaded(block) for block in blocks])


def _loaded(block: str) -> Certificate:
    plain = re.sub(r"(BEGIN|END) (?:TRUSTED |X509 )CERTIFICATE", r"\1 CERTIFICATE", block)
    try:
        found = x509.load_pem_x509_certificate(plain.encode())
        return Certificate(
            subject=found.subject.rfc4514_string()[:MAXIMUM_NAME],
            issuer=found.issuer.rfc4514_string()[:MAXIMUM_NAME],
            serial=f"{found.serial_number:x}",
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            key_algorithm=_algorithm(found),
            key_size=_size(found),
            fingerprint=found.fingerprint(SHA256()).hex(),
            is_authority=_is_authority(found),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, OverflowError):
        raise NotACertificate(
            "It cannot be read: it is cut off, changed, or of a kind that is not supported."
        ) from None


def _leaf(chain: list[Certificate]) -> Certificate:
    """Chains are pasted in any order: the leaf is no authority, and has issued none of the others."""
    issuers = {one.issuer for one in chain if one.issuer != one.subject}
    ends = [one for one in chain if one.subject not in issuers] or chain
    return next((one for one in ends if not one.is_authority), ends[0])


def _algorithm(found: x509.Certificate) -> str:
    key: object = found.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return next((name for kind, name in _NAMES.items() if isinstance(key, kind)), "other")


def _size(found: x509.Certificate) -> int | None:
    key = found.public_key()
    if isinstance(key, ed25519.Ed25519PublicKey):
        return 256
    return getattr(key, "key_size", None)


def _is_authority(found: x509.Certificate) -> bool:
    try:
        return bool(found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return False
