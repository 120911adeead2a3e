"""Whoever looks whether we live knows our address and no name: a load balancer, Kubernetes, Prometheus."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class ProbesMiddleware:
    """Lets the three routes answer under any Host header, a pod's address among them: it reads as the issuer's.

    Nothing in these answers depends on the host. To be put before whatever refuses one that ALLOWED_HOSTS leaves out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PATHS and settings.PASSPORT_ISSUER_IS_SET:
            request.META["HTTP_HOST"] = urlsplit(settings.PASSPORT_ISSUER).netloc
        return self.get_response(request)
