"""Prometheus' page, and what every request adds to it."""

import hmac
import ipaddress
import os
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from config import row_metrics
from config.addresses import client_address
from identities.oauth.lane import LANE

REQUESTS = Histogram(
    "steward_http_request_seconds",
    "Requests by method, route and status class.",
    ["method", "route", "status"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@csrf_exempt
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counters in Prometheus' text format, for callers on this machine or with the METRICS_TOKEN; others get 403."""
    if not (_is_from_here(request) or _has_token(request)):
        return HttpResponse("METRICS_TOKEN is asked for.\n", status=403, content_type="text/plain")
    return HttpResponse(generate_latest(_registry()) + row_metrics.page(), content_type=CONTENT_TYPE_LATEST)


class MetricsMiddleware:
    """Times each request under its route's pattern, never its path: a stranger chooses paths."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, _route(request), f"{response.status_code // 100}xx").observe(
            time.perf_counter() - started
        )
        return response


def _route(request: HttpRequest) -> str:
    """The pattern that matched. The lane of clients resolves none, and its few paths are its own."""
    if request.resolver_match:
        return str(request.resolver_match.route)
    return request.path_info.removeprefix("/") if request.path_info in LANE else "none"


def _registry() -> CollectorRegistry:
    """This process's own counters, or those of all of gunicorn's workers where they share a folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _is_from_here(request: HttpRequest) -> bool:
    # A proxy on this machine that nobody declared, or one of fewer than were declared, would make the whole world look
    # local: what it forwards has its own address.
    forwarded = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"} & request.META.keys()
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").count(",") + 1
    if forwarded and not 0 < settings.TRUSTED_PROXIES <= hops:
        return False
    try:
        return ipaddress.ip_address(client_address(request)).is_loopback
    except ValueError:
        return False


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    return bool(expected) and scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), expected.encode())
