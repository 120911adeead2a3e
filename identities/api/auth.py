"""Sign in, stay signed in, sign out, and who am I: for people and service users alike."""

from typing import Any
from uuid import UUID

from django.contrib.auth import authenticate
from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.access.principal import Principal
from identities.api import lockout, permissions, second_step
from identities.api.authentication import REALM
from identities.api.own_account import OwnView
from identities.api.schema import describe
from identities.api.serializers import Shape
from identities.api.user_shapes import (
    ME,
    SESSION,
    USER,
    LogoutShape,
    MeShape,
    NewPersonShape,
    SessionShape,
    UserShape,
    password_field,
)
from identities.api.views import PortalView
from identities.people import selectors, services as people, sign_in
from identities.people.actors import actor_of
from identities.people.models import User
from identities.people.refresh_reasons import RefreshReason
from identities.people.services.registering import CLOSED
from identities.people.services.sessions import owner_of
from identities.people.sign_in import RefreshFailed, Session
from identities.people.tries import TooManyTries
from identities.tokens import user_tokens

WRONG = "The e-mail address or the password is wrong."


class Unauthenticated(APIException):
    """401 of a sign-in or a refresh: there was no bearer, so the challenge names no token error."""

    status_code = 401
    auth_header = REALM


class LoginShape(Shape):
    """Who, and the password."""

    email = serializers.CharField(max_length=254, help_text="The address; case and outer spaces do not matter.")
    password = password_field("The password.")
    code = second_step.code_field()


class RefreshShape(Shape):
    """A refresh token; it works once."""

    refresh_token = serializers.CharField(max_length=2000, help_text="From the last login or refresh.")


class LoginView(PortalView):
    """Sign in with e-mail and password."""

    tag = "auth"
    open_methods = frozenset({"POST"})
    authentication_classes = ()

    @describe(
        "Sign in",
        body=LoginShape,
        answer=SessionShape,
        examples={"a service user": {"email": "reports-agent@aegis.local", "password": "Th1sIsAStrong!Pass"}},
        answers={"tokens": SESSION},
        problems=[
            (400, "invalid", "email: This field is required."),
            (401, "invalid_credentials", WRONG),
            *second_step.PROBLEMS,
            (429, "too_many_failures", "Too many failed sign-ins from here."),
        ],
        description=(
            "An unknown address, a wrong password and a disabled account get the same answer. "
            "After ten failures of an account from one address: 429 for a quarter of an hour. After a hundred a minute "
            "from one address, whichever the accounts: 429 until the minute is over, for a right password too."
            + second_step.SAID
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
            raise Unauthenticated(WRONG, code="invalid_credentials")
        lockout.forget_failures(email)
        second_step.check(user, body)
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
        answers={"tokens": SESSION},
        problems=[
            (400, "invalid", "refreshToken: This field is required."),
            *((401, reason.value, f"The refresh token is not accepted: {reason}.") for reason in RefreshReason),
        ],
        description=(
            "Each refresh token works once; used twice, its whole family ends: the refresh tokens at once, and the "
            "access tokens too unless both came within ten seconds. The `code` of a 401 is one of "
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


class RegisterView(PortalView):
    """Make one's own account, in the first minutes of an installation."""

    tag = "auth"
    open_methods = frozenset({"POST"})
    authentication_classes = ()
    only_for = {"POST": "while no user exists, or by setting"}

    @describe(
        "Make one's own account",
        body=NewPersonShape,
        answer=SessionShape,
        status=201,
        examples={"the first person": {"email": "ada@example.com", "password": "Th1sIsAStrong!Pass"}},
        answers={"tokens": SESSION},
        problems=[
            (400, "invalid", "password: At least one symbol, such as !\"#$%&'("),
            (403, "registration_closed", CLOSED),
        ],
        description=(
            "Open while no user exists, or with the setting STEWARD_ALLOW_REGISTER. The account is a READ_ONLY "
            "person's, never an ADMIN's and never a service user's. Its tokens come with the answer: in shared "
            "deployments have an administrator make accounts at `POST /api/users` instead."
        ),
    )
    def post(self, request: Request) -> Response:
        people.check_registration_is_open()
        try:
            user = people.register_user(**self.read(NewPersonShape))
        except TooManyTries as shut:
            raise lockout.TooManyFailures(shut.seconds) from shut
        return _answer(sign_in.open_session(user, source="register"), status=201)


class LogoutView(PortalView):
    """End one's sessions."""

    tag = "auth"
    open_methods = frozenset({"POST"})
    only_for = {"POST": "whoever holds a token of the session"}

    @describe(
        "Sign out",
        body=LogoutShape,
        answer=UserShape,
        examples={"this session": {}, "every session": {"everywhere": True}, "another": {"refreshToken": "srt_…"}},
        answers={"who left": USER},
        problems=[
            (400, "invalid", "refreshToken: There is no such session."),
            (401, "not_authenticated", "Authentication credentials were not provided."),
            (403, "insufficient_scope", "Not open to managed identities"),
        ],
        description=(
            "Ends the session of the access token, or the one whose refresh token is sent, or all; their access tokens "
            "are refused from then on. With a refresh token, which may be all that is left, no access token is needed; "
            "one that opens nothing any more does not end the others."
        ),
    )
    def post(self, request: Request) -> Response:
        body = self.read(LogoutShape)
        user = self._who(body)
        claims: Any = request.auth or {}
        family = None if body.get("refresh_token") or not claims else UUID(claims["sid"])
        people.sign_out(user, family=family, **body, actor=actor_of(user))
        caller: Any = request.user
        if isinstance(caller, Principal) and request.auth is None:
            request._request.session.flush()  # noqa: SLF001 - who came with the admin's session leaves that one
        return self.show(user, UserShape)

    def _who(self, body: dict[str, Any]) -> User:
        """Whom the access token speaks for, else whose the refresh token is. A spent one, as lies about in old logs and
        backups, ends no session but its own."""
        caller: Any = self.request.user
        if isinstance(caller, Principal):
            if caller.user_id is None:
                permissions.refuse(caller, self, Duty.OWN_PROFILE)
            user = selectors.active_user(caller.user_id) if caller.user_id else None
        else:
            user = owner_of(body.get("refresh_token", ""), must_work=body.get("everywhere", False))
        if user is None:
            raise NotAuthenticated
        return user


class MeView(OwnView):
    """Who the bearer of this token is."""

    tag = "auth"
    duties = {"GET": Duty.OWN_PROFILE}
    before_new_password = frozenset({"GET"})

    @describe("Who am I", answer=MeShape, answers={"a service user": ME})
    def get(self, request: Request) -> Response:
        return self.show(self.own(), MeShape)


def _answer(session: Session, status: int = 200) -> Response:
    minted = user_tokens.mint_user_token(session.user, session=session.family)
    tokens: dict[str, Any] = {
        "accessToken": minted.access_token,
        "accessTokenExpiresIn": minted.expires_in,
        "refreshToken": session.refresh_token,
        "refreshTokenExpiresIn": session.refresh_expires_in,
    }
    body = {"user": UserShape(session.user).data, "tokens": tokens, **tokens}
    return Response(body, status=status, headers={"Cache-Control": "no-store"})


urlpatterns = [
    path("auth/login", LoginView.as_view(), name="auth-login"),
    path("auth/refresh", RefreshView.as_view(), name="auth-refresh"),
    path("auth/register", RegisterView.as_view(), name="auth-register"),
    path("auth/logout", LogoutView.as_view(), name="auth-logout"),
    path("auth/me", MeView.as_view(), name="auth-me"),
]
