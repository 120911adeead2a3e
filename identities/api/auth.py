"""Sign in, stay signed in, and who am I: document 2's routes for people and service users."""

from typing import Any

from django.contrib.auth import authenticate
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api import lockout
from identities.api.authentication import REALM
from identities.api.schema import describe
from identities.api.serializers import Shape
from identities.api.views import PortalView
from identities.errors import Missing
from identities.people import selectors as people, sign_in
from identities.people.models import PortalRole, User
from identities.people.sign_in import RefreshFailed, Session
from identities.people.tries import TooManyTries
from identities.tokens import user_tokens


class Unauthenticated(APIException):
    """401 of a sign-in or a refresh: there was no bearer, so the challenge names no token error."""

    status_code = 401
    auth_header = REALM


class LoginShape(Shape):
    """Who, and the password."""

    email = serializers.CharField(max_length=254, help_text="The address; case and outer spaces do not matter.")
    password = serializers.CharField(max_length=256, trim_whitespace=False, help_text="The password.")


class RefreshShape(Shape):
    """A refresh token; it works once."""

    refresh_token = serializers.CharField(max_length=2000, help_text="From the last login or refresh.")


class UserShape(Shape):
    """A person or a service user."""

    id = serializers.UUIDField(help_text="Immutable.")
    email = serializers.CharField(help_text="The sign-in address, in lower case.")
    first_name = serializers.CharField(help_text="May be empty.")
    last_name = serializers.CharField(help_text="May be empty.")
    role = serializers.ChoiceField(PortalRole.choices, help_text="The portal role.")
    tenant_id = serializers.UUIDField(help_text="The tenant they belong to.")
    must_reset_password = serializers.BooleanField(help_text="Whether they are to choose a new password.")
    last_login_at = serializers.DateTimeField(source="last_login", allow_null=True, help_text="Null before the first.")
    created_at = serializers.DateTimeField(help_text="When the account was made.")
    updated_at = serializers.DateTimeField(help_text="When it last changed.")


class MeShape(UserShape):
    """The caller."""

    is_agent = serializers.BooleanField(help_text="Whether this is a service user.")
    is_platform_admin = serializers.BooleanField(help_text="Whether they govern every tenant.")


class TokensShape(Shape):
    """An access token for the portal, and the refresh token that follows it. Lifetimes are in seconds."""

    access_token = serializers.CharField(help_text="A JWT of type `user+jwt`; machines' routes refuse it.")
    access_token_expires_in = serializers.IntegerField(help_text="Seconds.")
    refresh_token = serializers.CharField(help_text="Opaque; works once.")
    refresh_token_expires_in = serializers.IntegerField(help_text="Seconds.")


class SessionShape(TokensShape):
    """The signed-in user and the tokens, which also stand at the top level."""

    user = UserShape(help_text="Who signed in.")
    tokens = TokensShape(help_text="The same four members as at the top level.")


class LoginView(PortalView):
    """Sign in with e-mail and password."""

    tag = "auth"
    open_methods = frozenset({"POST"})
    authentication_classes = ()

    @describe(
        "Sign in",
        body=LoginShape,
        answer=SessionShape,
        examples={"a person": {"email": "ada@example.com", "password": "Correct-Horse-1"}},
        description=(
            "An unknown address, a wrong password and a disabled account get the same answer. "
            "After ten failures of an account from one address: 429 for a quarter of an hour. After a hundred a minute "
            "from one address, whichever the accounts: 429 until the minute is over, for a right password too."
        ),
    )
    def post(self, request: Request) -> Response:
        body = self.read(LoginShape)
        email = body["email"].strip().lower()
        plain = request._request  # noqa: SLF001 - DRF's own way to Django's request
        try:
            user = authenticate(plain, username=email, password=body["password"])
        except TooManyTries as shut:
            raise lockout.TooManyFailures(shut.seconds) from shut
        if lockout.is_locked_out(plain):
            if lockout.was_tried(plain):
                sign_in.record_refusal(email, reason="too_many_failures")
            raise lockout.TooManyFailures(lockout.seconds(plain))
        if not isinstance(user, User):
            sign_in.record_refusal(email)
            raise Unauthenticated("The e-mail address or the password is wrong.", code="invalid_credentials")
        lockout.forget_failures(email)
        return _answer(sign_in.open_session(user))


class RefreshView(PortalView):
    """Change a refresh token for new tokens."""

    tag = "auth"
    open_methods = frozenset({"POST"})
    authentication_classes = ()

    @describe(
        "Refresh the tokens",
        body=RefreshShape,
        answer=SessionShape,
        examples={"a refresh": {"refreshToken": "srt_…"}},
        description=(
            "Each refresh token works once; used twice, its whole family ends. The `code` of a 401 is one of "
            "`verification-failed invalid-payload missing-refresh-state token-invalidated password-rotated "
            "refresh-id-mismatch hash-mismatch`."
        ),
    )
    def post(self, request: Request) -> Response:
        try:
            session = sign_in.refresh(self.read(RefreshShape)["refresh_token"])
        except RefreshFailed as exc:
            raise Unauthenticated(exc.message, code=exc.reason) from exc
        return _answer(session)


class MeView(PortalView):
    """Who the bearer of this token is."""

    tag = "auth"
    resource_kind = "user"
    duties = {"GET": Duty.OWN_PROFILE}

    @describe("Who am I", answer=MeShape)
    def get(self, request: Request) -> Response:
        user = people.active_user(self.principal.user_id) if self.principal.user_id else None
        if user is None:
            raise Missing("There is no such thing.")
        return self.show(user, MeShape)


def _answer(session: Session) -> Response:
    minted = user_tokens.mint_user_token(session.user, session=session.family)
    tokens: dict[str, Any] = {
        "accessToken": minted.access_token,
        "accessTokenExpiresIn": minted.expires_in,
        "refreshToken": session.refresh_token,
        "refreshTokenExpiresIn": session.refresh_expires_in,
    }
    body = {"user": UserShape(session.user).data, "tokens": tokens, **tokens}
    return Response(body, headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("auth/login", LoginView.as_view(), name="auth-login"),
    path("auth/refresh", RefreshView.as_view(), name="auth-refresh"),
    path("auth/me", MeView.as_view(), name="auth-me"),
]
