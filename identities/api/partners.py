"""Callers that sign instead of signing in: partners whose public key is configured (secret scanning)."""

from dataclasses import dataclass
from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.actors import Actor
from identities.api.authentication import REALM
from identities.api.permissions import ByDuty
from identities.detections import partner_keys

KEY_ID, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"
MAX_KEY_ID = 80


@dataclass(frozen=True)
class Partner:
    """Whoever holds the private half of a configured key; belongs to no tenant."""

    key_id: str

    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def actor(self) -> Actor:
        return Actor.system(f"leak partner {self.key_id}")


class BadSignature(AuthenticationFailed):
    """One answer for an unknown key, a wrong signature and one that cannot be read."""

    default_code = "invalid_signature"
    default_detail = "The signature does not hold."


class PartnerSignature(BaseAuthentication):
    """Over the raw body, before anything of it is read. Without either header the caller signs in like anybody."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        key_id, signature = request.headers.get(KEY_ID, ""), request.headers.get(SIGNATURE, "")
        if not key_id and not signature:
            return None
        body = request._request.body  # noqa: SLF001 - DRF's own way to Django's request
        if not partner_keys.is_signed(body, key_id=key_id, signature=signature):
            raise BadSignature
        return Partner(key_id[:MAX_KEY_ID]), None

    def authenticate_header(self, request: Request) -> str:
        return REALM


class ByDutyOrSignature(ByDuty):
    """A partner's signature is all that is asked of it; everybody else comes in by duty."""

    def has_permission(self, request: Request, view: Any) -> bool:
        caller: Any = request.user
        return isinstance(caller, Partner) or super().has_permission(request, view)
