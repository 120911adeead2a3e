"""Views beside the API that are read by everybody and that no document names."""

from collections.abc import Callable
from typing import Any

from rest_framework import permissions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identities.api import problems
from identities.api.edge import AlwaysJSON


class OnlyRead(APIView):
    """Read and nothing else; whatever else is tried is refused with a problem document like everywhere."""

    schema = None  # it is not in the document itself
    http_method_names = ["get", "head"]
    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    content_negotiation_class = AlwaysJSON

    def get_exception_handler(self) -> Callable[..., Response]:
        return problems.handle

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        if getattr(response, "exception", False):
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        return answer
