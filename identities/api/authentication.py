"""Who asks: a person's token, a machine's token, or the admin's session. The two kinds of token never mix."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit import context
from identities.access import selectors as access
from identities.access.principal import Principal
from identities.inventory.models import ManagedIdentity
from identities.jose import verify as jose
from identities.people import password_age, selectors as people
from identities.people.models import User
from identities.service_users import using
from identities.tokens import user_tokens, verification

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
            text = credentials.strip().decode("ascii")
            if jose.header_of(text).get("typ") == user_tokens.TYP:
                return _person(text)
            return _machine(text)
        except (jose.BadToken, UnicodeDecodeError) as exc:
            raise InvalidToken from exc

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


def _person(text: str) -> tuple[Principal, Any]:
    token = user_tokens.verify_user_token(text)
    user = people.bearer(token.user_id, token.session)
    if user is None or _is_older_than_password(token.issued_at, user):
        raise InvalidToken
    using.note(user)
    return Principal.person(user, token_issuer=token.issuer, token_jti=str(token.jti)), token.claims


def _is_older_than_password(issued_at: datetime, user: User) -> bool:
    """A new password ends what the old one had opened; `iat` counts whole seconds, so the same second passes."""
    set_at = user.password_set_at
    return set_at is not None and issued_at < set_at.replace(microsecond=0)


def _machine(text: str) -> tuple[Principal, Any]:
    token = verification.verify_access_token(text)
    identity = ManagedIdentity.objects.filter(pk=token.identity_id, tenant_id=token.tenant_id).first()
    if identity is None or not identity.is_enabled:
        raise InvalidToken
    held = access.standing(identity.pk, timezone.now())
    principal = Principal.machine(
        identity,
        permissions=held.permissions,
        role_names=held.role_names,
        sources=held.sources,
        token_issuer=token.issuer,
        token_jti=str(token.jti),
        certified_until=identity.certified_until,
    )
    return principal, token.claims


def address() -> str:
    """Where the request comes from, behind the trusted proxies."""
    return context.current().address
