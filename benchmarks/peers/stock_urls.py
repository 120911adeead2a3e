"""The stock peer's routes, apart from its settings: they can be read only once the toolkit's models are loaded."""

from django.urls import include, path

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
