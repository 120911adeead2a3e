"""The OpenAPI document and two ways to read it; everything they load comes from our own static files."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identities.api import problems
from identities.api.edge import AlwaysJSON


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


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
    """The document, made once a process: the routes do not change while it runs."""

    renderer_classes = [OpenApiJsonRenderer2]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(_document(), headers={"Cache-Control": "public, max-age=60"})


class SwaggerView(OnlyRead, SpectacularSwaggerSplitView):
    """The document to try things with."""


class RedocView(OnlyRead, SpectacularRedocView):
    """The document to read."""


urlpatterns = [
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view(url_name="schema"), name="docs"),
    path("docs/redoc", RedocView.as_view(url_name="schema", template_name="api/redoc.html"), name="redoc"),
]
