"""Who asks: a person's token, a machine's token, or the admin's session. The two kinds of token never mix."""

from dataclasses import replace
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit import context
from identities.access.principal import Principal
from identities.people import password_age
from identities.people.models import User
from identities.service_users import using
from identities.tokens import bearers
from identities.tokens.bearers import BadToken
from identities.tokens.user_tokens import VerifiedUserToken
from identities.tokens.verification import VerifiedToken

REALM = 'Bearer realm="steward"'
PORTAL = "portal session"


class InvalidToken(AuthenticationFailed):
    """One answer for every token that does not hold: why is for the log, not for a stranger."""

    default_code = "invalid_token"
    default_detail = "The access token is not valid, has ended or was revoked."


class Bearer(BaseAuthentication):
    """`Authorization: Bearer …` (RFC 6750 §2.1 only: never from the query or the body)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, credentials = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            token = bearers.read(credentials.strip().decode("ascii"))
        except (BadToken, UnicodeDecodeError) as exc:
            raise InvalidToken from exc
        principal = _machine(token) if isinstance(token, VerifiedToken) else _person(token)
        return principal, token.claims

    def authenticate_header(self, request: Request) -> str:
        return REALM


class AdminSession(SessionAuthentication):
    """The admin's own session, with CSRF. What a page of ours may ask, its buttons may ask here."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        user = getattr(request._request, "user", None)  # noqa: SLF001 - DRF's own way to Django's request
        if not isinstance(user, User) or not user.is_staff:
            return None
        self.enforce_csrf(request)
        principal = Principal.person(user, token_issuer=PORTAL)
        if request._request.session.get(password_age.CAME_BY) == password_age.PROVIDER:  # noqa: SLF001 - as above
            principal = replace(principal, must_change_password=user.must_reset_password)
        return principal, None


def _person(token: VerifiedUserToken) -> Principal:
    user = bearers.person(token)
    if user is None:
        raise InvalidToken
    using.note(user)
    return Principal.person(user, token_issuer=token.issuer, token_jti=str(token.jti))


def _machine(token: VerifiedToken) -> Principal:
    principal = bearers.machine(token, timezone.now())
    if principal is None:
        raise InvalidToken
    return principal


def address() -> str:
    """Where the request comes from, behind the trusted proxies."""
    return context.current().address
