"""The OpenAPI document and two ways to read it; everything they load comes from our own static files."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identities.api import problems
from identities.api.edge import AlwaysJSON

log = structlog.get_logger(__name__)
#: A proxy gives up after a minute, and a thread that waits serves nobody; making it takes seconds of a processor.
PATIENCE_SECONDS, MOST_SECONDS = 20.0, 300.0
_making = threading.Lock()
_kept: list[bytes] = []


class BeingMade(exceptions.APIException):
    """Somebody asked for it a moment ago. Nobody else waits: two hundred readers would hold every thread."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = "The document is being made; ask again in a few seconds."
    wait = 5


def document() -> bytes:
    """The document as JSON, made once a process: the routes do not change while it runs.

    Who asks first waits for it for so long; it is made all the same, and found by whoever asks after. Raises BeingMade.
    """
    if _kept:
        return _kept[0]
    if not _making.acquire(blocking=False):
        raise BeingMade
    maker = threading.Thread(target=_make, name="api-document", daemon=True)
    maker.start()
    maker.join(PATIENCE_SECONDS)
    if not _kept:
        raise BeingMade
    return _kept[0]


def _make() -> None:
    try:
        _kept.append(made_aside())
    except Exception:
        log.exception("api.document_not_made")
    finally:
        _making.release()


def made_aside() -> bytes:
    """By a process of its own: it takes twenty megabytes, of which this one would never be rid again."""
    command = [sys.executable, "-m", "django", "spectacular", "--format", "openapi-json"]
    env = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE}
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=settings.BASE_DIR, env=env, capture_output=True, check=True, timeout=MOST_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("api.document_made_here", reason=str(error))
        return made_here()
    return done.stdout.strip()


def made_here() -> bytes:
    """The same, where no other process can be started."""
    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return bytes(OpenApiJsonRenderer2().render(made, renderer_context={}))


class OnlyRead(APIView):
    """Read and nothing else; whatever else is tried is refused with a problem document like everywhere."""

    http_method_names = ["get", "head"]
    content_negotiation_class = AlwaysJSON

    def get_exception_handler(self) -> Callable[..., Response]:
        return problems.handle

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        if getattr(response, "exception", False):
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        return answer


class SchemaView(OnlyRead, SpectacularAPIView):
    """The document."""

    renderer_classes = [OpenApiJsonRenderer2]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(document(), "application/json", headers={"Cache-Control": "public, max-age=60"})


class SwaggerView(OnlyRead, SpectacularSwaggerSplitView):
    """The document to try things with."""


class RedocView(OnlyRead, SpectacularRedocView):
    """The document to read."""


urlpatterns = [
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view(url_name="schema"), name="docs"),
    path("docs/redoc", RedocView.as_view(url_name="schema", template_name="api/redoc.html"), name="redoc"),
]
