"""Passport's routes; none ends with a slash."""

from django.urls import path

from identities.oauth import documents, views

urlpatterns = [
    path("passport/token", views.token, name="passport-token"),
    path("passport/introspect", views.introspect, name="passport-introspect"),
    path("passport/revoke", views.revoke, name="passport-revoke"),
    path("passport/revocations", documents.revocations, name="passport-revocations"),
    path("passport/jwks.json", documents.jwks, name="passport-jwks"),
    path(".well-known/oauth-authorization-server", documents.metadata, name="passport-metadata"),
    path(".well-known/oauth-authorization-server/<path:path>", documents.metadata),
]
