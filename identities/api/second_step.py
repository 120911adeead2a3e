"""The second factor at the API's login: a person who has one sends a `code` with the password. Never a service user."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import APIException

from identities.api import lockout
from identities.api.authentication import REALM
from identities.people import proofs
from identities.people.models import User
from identities.people.second_factor import Asked, asked_of

ASKED = "The password is right; send a code of your authenticator app or a recovery code in `code` too."
ENROL = "A second factor is required here: sign in to the admin once and set one up."
WRONG = "This code is not accepted. Each works once."
PROBLEMS = [
    (401, "second_factor_required", ASKED),
    (401, "second_factor_enrolment_required", ENROL),
    (401, "second_factor_wrong", WRONG),
]
SAID = (
    " A person who has set up a second factor sends `code` as well; ten wrong ones of an account within a quarter of "
    "an hour: 429. Service users are asked for none."
)


class MoreIsAsked(APIException):
    """401: the password alone opens nothing."""

    status_code = 401
    auth_header = REALM


def code_field() -> serializers.CharField:
    """The member `code` of a login."""
    return serializers.CharField(
        max_length=20,
        required=False,
        help_text="A person's second factor: a code of the authenticator app, or a recovery code. Each works once.",
    )


def check(user: User, body: dict[str, Any]) -> None:
    """Raise unless whoever proved the password of `user` has proved all that is asked of them."""
    asked = asked_of(user)
    if asked is Asked.NOTHING:
        return
    if asked is Asked.ENROLMENT:
        raise MoreIsAsked(ENROL, code="second_factor_enrolment_required")
    if not body.get("code"):
        raise MoreIsAsked(ASKED, code="second_factor_required")
    try:
        proofs.prove_code(user, code=body["code"], source="login")
    except proofs.TooManyCodes as shut:
        raise lockout.TooManyFailures(shut.seconds) from shut
    except proofs.WrongProof as wrong:
        raise MoreIsAsked(wrong.message, code=wrong.code) from wrong
