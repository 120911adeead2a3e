"""The last step of every way into the admin, and the half-way house before it: the password was right, more is asked.

Until the second factor is proved or enrolled nobody is signed in: the session names an account and opens nothing, no
page and no route.
"""

import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from identities.people import selectors as people, sign_in
from identities.people.models import User
from identities.people.password_age import CAME_BY, PROVIDER
from identities.people.second_factor import Asked, asked_of

HALF_WAY = "steward.half_way"
PROVED_AT = "steward.proved_at"
PASSWORD = "admin"  # noqa: S105 - a word
#: How long the second step may take, and how long a sign-in counts as fresh.
STEP_SECONDS, FRESH_SECONDS = 600, 300


class MoreIsAsked(Exception):
    """The password was right; the second factor is still to be proved or to be set up."""

    def __init__(self, user: User, asked: Asked) -> None:
        super().__init__(asked)
        self.user, self.asked = user, asked


def check(user: User) -> None:
    """Raise MoreIsAsked unless the password is all there is to prove."""
    if (asked := asked_of(user)) is not Asked.NOTHING:
        raise MoreIsAsked(user, asked)


def half_way(request: HttpRequest, user: User, *, source: str, next_url: str) -> HttpResponse:
    """Note who proved the first half, and send them to the second."""
    request.session.cycle_key()
    request.session[HALF_WAY] = {
        "user": str(user.pk),
        "at": time.time(),
        "source": source,
        "next": safe(request, next_url),
        # A password changed meanwhile ends this too.
        "hash": user.get_session_auth_hash(),
    }
    asked = asked_of(user)
    return HttpResponseRedirect(reverse("admin:prove" if asked is Asked.PROOF else "admin:enrol"))


def who_is_half_way(request: HttpRequest) -> User | None:
    """The account whose first half was proved in this browser within the last minutes."""
    noted = request.session.get(HALF_WAY)
    if not noted or time.time() - noted["at"] > STEP_SECONDS:
        return None
    user = people.active_user(UUID(noted["user"]))
    if user is None or user.is_agent or not constant_time_compare(noted["hash"], user.get_session_auth_hash()):
        return None
    return user


def come_in(request: HttpRequest, user: User) -> HttpResponse:
    """The second half is proved: sign in, and go on where they wanted to."""
    noted = request.session.pop(HALF_WAY)
    enter(request, user, source=noted["source"])
    return HttpResponseRedirect(noted["next"])


def straight_in(request: HttpRequest, user: User, *, source: str, next_url: str) -> HttpResponse:
    """Sign in whoever has proved all there is to prove."""
    enter(request, user, source=source)
    return HttpResponseRedirect(safe(request, next_url))


def enter(request: HttpRequest, user: User, *, source: str) -> None:
    """Sign in and record it."""
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    note_entry(request, user, source=source)


def note_entry(request: HttpRequest, user: User, *, source: str) -> None:
    """Record a sign-in that has happened, and remember when and by which way."""
    sign_in.record_entry(user, source=source)
    request.session[CAME_BY] = source
    note_proof(request)


def note_proof(request: HttpRequest) -> None:
    """From now on for five minutes they count as freshly signed in."""
    request.session[PROVED_AT] = time.time()


def is_fresh(request: HttpRequest) -> bool:
    """Whether they proved who they are within the last five minutes."""
    return bool(time.time() - request.session.get(PROVED_AT, 0) <= FRESH_SECONDS)


def came_by_provider(request: HttpRequest) -> bool:
    """Whether this session was opened through a provider, without the portal's own password."""
    return bool(request.session.get(CAME_BY) == PROVIDER)


def safe(request: HttpRequest, url: Any) -> str:
    """`url` where it stays in the house, else the overview."""
    text = str(url or "")
    if url_has_allowed_host_and_scheme(text, {request.get_host()}, require_https=request.is_secure()):
        return text
    return reverse("admin:index")
