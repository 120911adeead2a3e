"""Every route below /api; none has a trailing slash."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, re_path

from identities.api.views import UnknownRoute

_FACES = (
    "auth",
    "tenants",
    "teams",
    "roles",
    "role_bindings",
    "identities",
    "credentials",
    "vault_connections",
    "policies",
    "audit",
    "docs",
)

urlpatterns: list[URLPattern] = [
    route
    for face in _FACES
    if find_spec(f"identities.api.{face}") is not None
    for route in getattr(import_module(f"identities.api.{face}"), "urlpatterns", [])
]
# A path may hold a line feed, which a dot would not match.
urlpatterns.append(re_path(r"^[\s\S]*$", UnknownRoute.as_view(), name="unknown-route"))
