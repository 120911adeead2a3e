"""In front of Django's handler: the token of a client that is remembered, through the same middleware and no further.

Half of what Django does around a view (signals, a guard around each middleware, the resolver) costs more than all that
is done for such a token but its signature. Whoever is answered here would have been answered the same there; of all
others nothing is done here, and the request goes to Django as it came.
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from identities.oauth import views
from identities.oauth.forms import MAXIMUM_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/passport/token"
LANE = "identities.oauth.lane.PassportLane"


class TokenLane:
    """A WSGI application around Django's."""

    def __init__(self, django: "WSGIApplication") -> None:
        self._django = django
        self._answer = _behind_the_same(views.token_again)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = self._again(environ) if environ.get("PATH_INFO") == PATH else None
        if answer is None:
            return self._django(environ, start_response)
        start_response(f"{answer.status_code} {answer.reason_phrase}", [*answer.items()])
        return [answer.content]

    def _again(self, environ: "WSGIEnvironment") -> HttpResponse | None:
        """The answer, or None where it is Django that has to give one: the body is there to be read again."""
        length = environ.get("CONTENT_LENGTH", "")
        if environ.get("REQUEST_METHOD") != "POST" or not length.isdecimal() or int(length) > MAXIMUM_BODY:
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        live = connections[DEFAULT_DB_ALIAS]
        if not live.in_atomic_block:  # as Django does at the beginning of each request
            live.close_if_unusable_or_obsolete()
        try:
            return self._answer(WSGIRequest(environ))
        except Exception:  # noqa: BLE001 - Django's way comes to the same, and says it as it says all others
            environ["wsgi.input"] = BytesIO(body)
            return None


def _behind_the_same(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """`view` behind the middleware that stands before the lane of clients in the settings, in their order."""
    before = settings.MIDDLEWARE[: settings.MIDDLEWARE.index(LANE)]
    for name in reversed(before):
        view = import_string(name)(view)
    return view
