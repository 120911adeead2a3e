"""The two pages that show the OpenAPI document to people, and what drf-spectacular needs for them."""

from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

from identities.api.only_read import OnlyRead


class SwaggerView(OnlyRead, SpectacularSwaggerSplitView):
    """The document to try things with."""


class RedocView(OnlyRead, SpectacularRedocView):
    """The document to read."""


to_try = SwaggerView.as_view(url_name="schema")
to_read = RedocView.as_view(url_name="schema", template_name="api/redoc.html")
