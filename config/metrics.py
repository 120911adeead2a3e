"""Prometheus' page."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The process's counters in Prometheus' text format."""
    return HttpResponse(status=403)
