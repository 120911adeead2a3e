"""Every route of the portal, put together from the faces."""

from django.conf import settings
from django.contrib.admin import autodiscover
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from config import health, metrics
from identities.admin import questionnaire_page
from identities.admin.site import site
from identities.api.views import UnknownRoute

autodiscover()
urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", include("identities.oauth.urls")),
    path("api/", include("identities.api.urls")),
    path("flowstudio/api/", include("scheduling.api.urls")),
    # Beside the routes there is no page either: programs ask here. A path may hold a line feed, which a dot would not.
    re_path(r"^(?:api|flowstudio)(?:/[\s\S]*)?$", UnknownRoute.as_view()),
    *([path("demo/payroll/", include("scheduling.demo.urls"))] if settings.DEMO else []),
    path("questionnaire/<str:token>", questionnaire_page.page, name="questionnaire"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", site.urls),
]
