"""The OpenAPI document and two ways to read it; everything they load comes from our own static files."""

import os
import subprocess
import sys
import threading
import zlib

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from identities.api.only_read import OnlyRead

log = structlog.get_logger(__name__)
#: A proxy gives up after a minute, and a thread that waits serves nobody; making it takes seconds of a processor.
PATIENCE_SECONDS, MOST_SECONDS = 20.0, 300.0
_making = threading.Lock()
#: Compressed, for it is three megabytes that hardly anybody asks for.
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
        return zlib.decompress(_kept[0])
    if not _making.acquire(blocking=False):
        raise BeingMade
    maker = threading.Thread(target=_make, name="api-document", daemon=True)
    maker.start()
    maker.join(PATIENCE_SECONDS)
    if not _kept:
        raise BeingMade
    return zlib.decompress(_kept[0])


def _make() -> None:
    try:
        _kept.append(zlib.compress(made_aside()))
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
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.renderers import OpenApiJsonRenderer2

    made = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return bytes(OpenApiJsonRenderer2().render(made, renderer_context={}))


class SchemaView(OnlyRead):
    """The document."""

    renderer_classes = (JSONRenderer,)

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(document(), "application/json", headers={"Cache-Control": "public, max-age=60"})


# What shows it to people is loaded when the first of them comes.


@csrf_exempt
def to_try(request: HttpRequest) -> HttpResponse:
    """The document to try things with."""
    from identities.api import document_pages

    return document_pages.to_try(request)


@csrf_exempt
def to_read(request: HttpRequest) -> HttpResponse:
    """The document to read."""
    from identities.api import document_pages

    return document_pages.to_read(request)


urlpatterns = [
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", to_try, name="docs"),
    path("docs/redoc", to_read, name="redoc"),
]
