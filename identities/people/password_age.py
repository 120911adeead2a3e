"""How old a person's password may become. A service user's does not age: that would be a stop nobody asked for."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import is_password_usable

from identities.people.models import User

#: In a browser's session: by which way it was opened. Who came through a provider has not used the password.
CAME_BY, PROVIDER = "steward.came_by", "oidc"


def is_too_old(user: User, at: datetime) -> bool:
    """Whether this person's password is older than AUTH_PASSWORD_MAX_AGE_DAYS; never while that is 0.

    One whose day is not known counts from the day the account was made.
    """
    days = settings.AUTH_PASSWORD_MAX_AGE_DAYS
    if not days or user.is_agent or not is_password_usable(user.password):
        return False
    return (user.password_set_at or user.created_at) + timedelta(days=days) <= at


def must_change(user: User, at: datetime) -> bool:
    """Whether they may do nothing else before they have chosen a new password: an ADMIN asked for it, or its age."""
    return user.must_reset_password or is_too_old(user, at)
