"""The one authentication backend: people by e-mail and password, their rights by the matrix."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from identities.access import matrix
from identities.access.matrix import Duty, Reach
from identities.people import selectors, sign_in
from identities.people.models import User


class PortalBackend(BaseBackend):
    """Checks a password at constant cost, and answers Django's `has_perm` from the matrix.

    A service user passes here, since it signs in to the API; the admin asks `is_staff`, which it never has.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        email = username or credentials.get("email")
        if not email or password is None:
            return None
        return sign_in.check(str(email), password)

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session; None once disabled, so a session ends with its person."""
        try:
            return selectors.signed_in(UUID(str(user_id)))
        except ValueError:
            return None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """`app.view_model` is reading the register, everything else is governing."""
        if not isinstance(user_obj, User):
            return False
        duty = Duty.READ_REGISTER if perm.partition(".")[2].startswith("view_") else Duty.GOVERN
        return matrix.reach(user_obj.role, duty) is not Reach.NONE
