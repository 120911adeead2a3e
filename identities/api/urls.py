"""Every route below /api; none has a trailing slash."""

from django.urls import URLPattern, re_path

from identities.api import (
    approvals,
    audit,
    auth,
    campaign_items,
    campaign_plans,
    campaigns,
    credentials,
    custody,
    docs,
    exceptions,
    external_credentials,
    findings,
    identities,
    imports,
    leaks,
    policies,
    programme,
    quarantines,
    role_bindings,
    roles,
    rotations,
    secret_grants,
    standards,
    succession,
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
    quarantines,
    succession,
    approvals,
    campaigns,
    campaign_items,
    campaign_plans,
    imports,
    standards,
    credentials,
    external_credentials,
    custody,
    exceptions,
    rotations,
    vault_connections,
    secret_grants,
    policies,
    findings,
    leaks,
    programme,
    audit,
    docs,
)

urlpatterns: list[URLPattern] = [route for face in _FACES for route in face.urlpatterns]
# A path may hold a line feed, which a dot would not match.
urlpatterns.append(re_path(r"^[\s\S]*$", UnknownRoute.as_view(), name="unknown-route"))
