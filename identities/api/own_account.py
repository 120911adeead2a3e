"""One's own account: read and changed by nobody else, and with no id but that of the credential."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api import lockout
from identities.api.schema import describe
from identities.api.user_shapes import ACCOUNT, AccountShape, OwnFactsShape, OwnPasswordShape
from identities.api.views import PortalView
from identities.errors import Missing
from identities.people import selectors, services as people
from identities.people.models import User
from identities.people.services.own_account import WRONG
from identities.people.tries import TooManyTries


class OwnView(PortalView):
    """What the routes of one's own account have in common."""

    tag = "users"
    resource_kind = "user"

    def own(self) -> User:
        """The account whose credential the caller came with."""
        user = selectors.active_user(self.principal.user_id) if self.principal.user_id else None
        if user is None:
            raise Missing("There is no such thing.")
        return user


class OwnAccountView(OwnView):
    """The caller's account."""

    duties = {"GET": Duty.OWN_PROFILE, "PATCH": Duty.OWN_PROFILE}
    before_new_password = frozenset({"GET"})

    @describe("Read one's own account", answer=AccountShape, answers={"a service user": ACCOUNT})
    def get(self, request: Request) -> Response:
        return self.show(self.own(), AccountShape)

    @describe(
        "Change one's own name or address",
        body=OwnFactsShape,
        answer=AccountShape,
        examples={"a new name": {"firstName": "Reports", "lastName": "Agent"}},
        answers={"a service user": ACCOUNT},
        problems=[
            (400, "invalid", "role: There is no such member."),
            (400, "email_taken", "email: Somebody signs in with this address already."),
            (429, "too_many_failures", "Too many failed sign-ins from here."),
        ],
        description="Never makes a service user, whatever the new address. The record says what was and what is.",
    )
    def patch(self, request: Request) -> Response:
        body = self.read(OwnFactsShape, partial=True)
        try:
            changed = people.change_own_profile(self.own(), **body, actor=self.actor)
        except TooManyTries as shut:
            raise lockout.TooManyFailures(shut.seconds) from shut
        return self.show(changed, AccountShape)


class OwnPasswordView(OwnView):
    """The caller's password."""

    duties = {"PATCH": Duty.OWN_PROFILE}
    before_new_password = frozenset({"PATCH"})

    @describe(
        "Change one's own password",
        body=OwnPasswordShape,
        answer=AccountShape,
        examples={"a rotation": {"currentPassword": "Th1sIsAStrong!Pass", "newPassword": "An0ther-Strong!Pass"}},
        answers={"the account": ACCOUNT},
        problems=[
            (400, "wrong_password", f"currentPassword: {WRONG}"),
            (400, "invalid", "newPassword: At least 12 characters."),
            (429, "too_many_failures", "Too many failed sign-ins from here."),
        ],
        description=(
            "Every refresh token and every access token of the account ends, those of the caller too: sign in with the "
            "new password."
        ),
    )
    def patch(self, request: Request) -> Response:
        body = self.read(OwnPasswordShape)
        try:
            changed = people.change_own_password(
                self.own(), current=body["current_password"], new=body["new_password"], actor=self.actor
            )
        except TooManyTries as shut:
            raise lockout.TooManyFailures(shut.seconds) from shut
        return self.show(changed, AccountShape)


urlpatterns = [
    path("users/me", OwnAccountView.as_view(), name="own-account"),
    path("users/me/password", OwnPasswordView.as_view(), name="own-password"),
]
