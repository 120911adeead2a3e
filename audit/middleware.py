"""Gives each request its correlation id and its caller's address, before anything else looks at it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit import context

HEADER = "X-Correlation-ID"
_HEADER = "HTTP_X_CORRELATION_ID"


class CorrelationMiddleware:
    """Takes over a well-formed `X-Correlation-ID`, makes one otherwise, and answers with it.

    The address is the peer's; behind `settings.TRUSTED_PROXIES` proxies it is the entry of `X-Forwarded-For` that the
    outermost of them wrote, so what a caller puts into that header itself is never believed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get(_HEADER, "")  # `request.headers` would first make a mapping of them all
        correlation_id = given if context.is_well_formed(given) else context.new_correlation_id()
        with context.bound(correlation_id=correlation_id, address=address_of(request)):
            response = self.get_response(request)
        response[HEADER] = correlation_id
        return response


def address_of(request: HttpRequest) -> str:
    """The caller's address as far as it can be trusted, at most 64 characters."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
    if proxies > 0 and len(hops) >= proxies:
        return hops[-proxies][:64]
    return peer[:64]
