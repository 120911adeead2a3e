"""Signing in through the OIDC provider that the environment names: authorization code with PKCE, by django-allauth.

Only its protocol is used. Nobody is made, joined or redirected by the library: what a sign-in comes to is decided here.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET
from requests import RequestException

from audit import context
from identities import throttle
from identities.admin import entering
from identities.admin.oidc_session import turned_away
from identities.jose import verify as jose
from identities.people import password_age, provider_links
from identities.people.second_factor import Asked, asked_of
from identities.vaults.landing import AddressRefused

ID = "oidc"
#: Each begins a session and asks the provider: so many from one address, whoever it is.
MOST_A_MINUTE = 30
#: Who waits for the provider holds a thread that others are served by: so many at once do, the next for a moment only.
AT_ONCE, A_MOMENT = 2, 1.0
_places = threading.BoundedSemaphore(AT_ONCE)
NEXT = "steward.oidc_next"
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
#: RFC 8176: the provider itself asked for more than one factor.
MANY_FACTORS = "mfa"
WRONG_ANSWERS = (OAuth2Error, RequestException, AddressRefused, jose.BadToken, KeyError, TypeError, ValueError)


def is_on() -> bool:
    """Whether the environment names a provider."""
    return bool(settings.STEWARD_OIDC_ISSUER and settings.STEWARD_OIDC_CLIENT_ID)


@contextmanager
def asking() -> Iterator[None]:
    """Be one of the few who wait for the provider; raises OAuth2Error where they are too many, as when it is silent."""
    if not _places.acquire(timeout=A_MOMENT):
        raise OAuth2Error("too many wait for it")
    try:
        yield
    finally:
        _places.release()


class Adapter(OpenIDConnectOAuth2Adapter):
    """The exchange with the provider, stricter than the library: its issuer, its signature, one subject."""

    def get_provider(self) -> "Provider":
        return Provider(self.request, app=_app())

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("admin:provider_callback"))

    @property
    def openid_config(self) -> dict[str, Any]:
        found: dict[str, Any] = super().openid_config
        # OpenID Connect Discovery §4.3: the document must be that of the issuer it was asked of.
        if str(found["issuer"]).rstrip("/") != settings.STEWARD_OIDC_ISSUER:
            raise OAuth2Error("another issuer")
        return found

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """Ends the library's part: whoever the claims speak of comes in, or is turned away."""
        response: Mapping[str, Any] = kwargs["response"]
        claims = self._decode_id_token(app, str(response["id_token"]))
        if not claims.get("email"):
            told = self._fetch_user_info(token.token)
            if told.get("sub") != claims["sub"]:  # OpenID Connect Core §5.3.2
                raise OAuth2Error("another subject")
            claims |= {name: told[name] for name in ("email", "email_verified") if name in told}
        raise ImmediateHttpResponse(_come_in(request, claims))

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """With its signature, also where the library would trust the connection."""
        if jose.header_of(id_token).get("alg") not in ALGORITHMS:
            raise OAuth2Error("algorithm")
        config = self.openid_config
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("another party")
        return claims


class Provider(OpenIDConnectProvider):
    """The one provider there is, from the settings; rows of the library's own table are never asked."""

    oauth2_adapter_class = Adapter


@method_decorator(require_GET)
def begin(site: Any, request: HttpRequest) -> HttpResponse:
    """To the provider. Nothing of the query but `next` is taken."""
    if not is_on():
        raise Http404
    if throttle.hit("provider-asked", context.current().address).number > MOST_A_MINUTE:
        shut = render(request, "steward/locked_out.html", {"minutes": 1}, status=429)
        shut["Retry-After"] = str(throttle.WINDOW_SECONDS)
        return shut
    request.session[NEXT] = entering.safe(request, request.GET.get("next"))
    try:
        with asking():
            answer: HttpResponse = Provider(request, app=_app()).redirect(request, process=AuthProcess.LOGIN)
    except ImmediateHttpResponse as early:
        answer = early.response
    except WRONG_ANSWERS:
        return turned_away(request, "provider_failed")
    return answer


@method_decorator(require_GET)
def callback(site: Any, request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    if not is_on():
        raise Http404
    try:
        with asking():
            answer: HttpResponse = OAuth2CallbackView.adapter_view(Adapter(request, ID))(request)
    except WRONG_ANSWERS:
        return turned_away(request, "provider_failed")
    return answer


def _come_in(request: HttpRequest, claims: Mapping[str, Any]) -> HttpResponse:
    email = str(claims.get("email") or "")
    try:
        user = provider_links.person_of(
            issuer=settings.STEWARD_OIDC_ISSUER,
            subject=str(claims["sub"]),
            email=email,
            is_verified=claims.get("email_verified") in (True, "true"),
        )
    except provider_links.NotOurs as refused:
        return turned_away(request, refused.reason, email=email, said=refused.message)
    next_url = request.session.pop(NEXT, "")
    is_proved = asked_of(user) is Asked.NOTHING or MANY_FACTORS in _list(claims.get("amr"))
    if is_proved:
        return entering.straight_in(request, user, source=password_age.PROVIDER, next_url=next_url)
    return entering.half_way(request, user, source=password_age.PROVIDER, next_url=next_url)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _app() -> SocialApp:
    return SocialApp(
        provider=OpenIDConnectProvider.id,
        provider_id=ID,
        name=settings.STEWARD_OIDC_NAME,
        client_id=settings.STEWARD_OIDC_CLIENT_ID,
        secret=settings.STEWARD_OIDC_CLIENT_SECRET,
        settings={"server_url": settings.STEWARD_OIDC_ISSUER, "oauth_pkce_enabled": True},
    )
