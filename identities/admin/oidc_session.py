"""How django-allauth talks to the provider: as bounded as every call of ours, and never further than it was sent."""

from typing import Any
from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from identities.people import refusals
from identities.vaults import landing
from identities.vaults.http import BoundedSession

SECONDS = 10
FAILED = "The sign-in through the provider did not work. Try again, or sign in with your password."


class ProviderSessions(DefaultSocialAccountAdapter):
    """Its two hooks that we need: the HTTP session, and what becomes of a sign-in that failed."""

    def get_requests_session(self) -> BoundedSession:
        """Follows no redirect and no proxy of the environment.

        The issuer's own host may be inside, since the operator named it; what its document points to must be public or
        in STEWARD_OUTBOUND_PRIVATE_ALLOW. Plain http is spoken with the issuer alone, where it is named so.
        """
        session = BoundedSession(limit=SECONDS)
        del session.adapters["http://"]
        session.mount("https://", landing.LookingAdapter(private=False))
        parts = urlsplit(settings.STEWARD_OIDC_ISSUER)
        session.mount(f"{parts.scheme}://{parts.netloc}/", landing.LookingAdapter(private=True))
        return session

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """No page of the library's own: back to ours."""
        raise ImmediateHttpResponse(turned_away(request, "provider_failed"))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: people are made by an ADMIN."""
        return False


def turned_away(request: HttpRequest, reason: str, *, email: str = "", said: str = FAILED) -> HttpResponse:
    """Back to the sign-in, with one sentence for the person and the reason for the audit."""
    refusals.record_refusal(email, reason=reason, source="oidc")
    messages.error(request, said)
    return HttpResponseRedirect(reverse("admin:login"))
