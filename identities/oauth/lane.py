"""A short way to the endpoints that clients call with credentials: past sessions, CSRF, messages and sign-in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from identities.oauth import views

LANE = {
    "/passport/token": views.token,
    "/passport/introspect": views.introspect,
    "/passport/revoke": views.revoke,
}


class PassportLane:
    """Middleware to be put right behind correlation and security headers. These endpoints use nothing of what follows:
    no cookie, no session, no person; the routes exist as well, and answer the same without it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = LANE.get(request.path_info)
        return self.get_response(request) if view is None else view(request)
