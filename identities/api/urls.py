"""Every route below /api; none has a trailing slash."""

from django.urls import URLPattern, re_path

from identities.api import (
    audit,
    auth,
    credentials,
    docs,
    identities,
    policies,
    role_bindings,
    roles,
    teams,
    tenants,
    vault_connections,
)
from identities.api.views import UnknownRoute

_FACES = (
    auth,
    tenants,
    teams,
    roles,
    role_bindings,
    identities,
    credentials,
    vault_connections,
    policies,
    audit,
    docs,
)

urlpatterns: list[URLPattern] = [route for face in _FACES for route in face.urlpatterns]
# A path may hold a line feed, which a dot would not match.
urlpatterns.append(re_path(r"^[\s\S]*$", UnknownRoute.as_view(), name="unknown-route"))
