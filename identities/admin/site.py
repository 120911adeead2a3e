"""The admin site: who gets in, how they sign in, and which tenant they look at."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.sites import UnfoldAdminSite

from audit.actors import Actor
from identities.access import matrix
from identities.access.matrix import Duty
from identities.admin import (
    dashboard,
    notices,
    oidc,
    own_factors,
    policy_page,
    profile,
    programme,
    reports,
    saved_filters,
    second_step,
    secrets_seen,
)
from identities.admin.own_password import change_own_password, must_change
from identities.admin.scope import choose, scope_of
from identities.admin.sign_in import SignInForm, recorded_sign_in, recorded_sign_out

View = Callable[..., HttpResponse]


class StewardAdminSite(UnfoldAdminSite):
    """People sign in by e-mail; service users and managed identities never do."""

    site_title = "Steward"
    site_header = "Steward"
    index_title = "Overview"
    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        """An active person whose role may sign in to the admin. Being a machine settles it: no."""
        user: Any = request.user
        if not user.is_authenticated or not user.is_active or user.is_agent:
            return False
        return matrix.may(user.role, Duty.SIGN_IN_TO_ADMIN)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("tenant/", self.admin_view(self.switch_tenant), name="switch_tenant"),
            path("notices/", self._page(notices.page), name="notices"),
            path("people/<uuid:user_id>/secrets/", self._page(secrets_seen.page), name="secrets_seen"),
            path("programme/", self._page(programme.page), name="programme"),
            path("policy/", self._page(policy_page.page), name="policy"),
            path("policy/edit/", self._page(policy_page.edit), name="policy_edit"),
            path("reports/", self._page(reports.index), name="reports"),
            path("reports/<slug:name>/", self._page(reports.page), name="report"),
            path("filters/save/", self._page(saved_filters.save), name="filter_save"),
            path("filters/<uuid:filter_id>/remove/", self._page(saved_filters.remove), name="filter_remove"),
            path("me/", self._page(profile.page), name="me"),
            path("me/confirm/", self._page(own_factors.confirm), name="confirm"),
            path("me/sessions/end/", self._page(profile.end_sessions), name="end_sessions"),
            path("me/second-factor/add/", self._page(own_factors.add), name="factor_add"),
            path("me/second-factor/codes/", self._page(own_factors.renew), name="factor_codes"),
            path("me/second-factor/<int:factor_id>/remove/", self._page(own_factors.remove), name="factor_remove"),
            path("me/provider/unlink/", self._page(own_factors.unlink), name="provider_unlink"),
            # On the way in: nobody is signed in yet.
            path("login/second-factor/", partial(second_step.prove, self), name="prove"),
            path("login/enrolment/", partial(second_step.enrol, self), name="enrol"),
            path("login/provider/", partial(oidc.begin, self), name="provider"),
            path("login/provider/callback/", partial(oidc.callback, self), name="provider_callback"),
        ]
        return [*own, *super().get_urls()]

    def _page(self, view: Callable[..., Any]) -> View:
        """A page of its own, which is given the site and the request."""
        return self.admin_view(partial(view, self))

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 - Django calls it so
        """Every page but the password's own waits until a password that must be changed has been changed."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            target = reverse("admin:password_change", current_app=self.name)
            has_to = self.has_permission(request) and must_change(request)
            if has_to and request.path not in {target, reverse("admin:logout", current_app=self.name)}:
                return HttpResponseRedirect(target)
            answer: HttpResponse = inner(request, *args, **kwargs)
            return answer

        return guarded

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"provider": settings.STEWARD_OIDC_NAME if oidc.is_on() else "", **(extra_context or {})}
        return recorded_sign_in(request, lambda: super(StewardAdminSite, self).login(request, context))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return recorded_sign_out(request, lambda: super(StewardAdminSite, self).logout(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return change_own_password(request, self)

    def actor_of(self, request: HttpRequest) -> Actor:
        """Who acts in this request."""
        return scope_of(request).actor

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return dashboard.view(self, request)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sidebar is the index: an app of ours has no page of its own."""
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def switch_tenant(self, request: HttpRequest) -> HttpResponse:
        """Look at another tenant, then go back to where one was if that still makes sense."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not choose(request, request.POST.get("tenant", "")):
            messages.error(request, "There is no such tenant.")
        back = request.POST.get("back", "")
        safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(back if safe else reverse("admin:index", current_app=self.name))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        context["scope"] = scope_of(request) if self.has_permission(request) else None
        return context

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Nothing: the sidebar comes from the settings, and this list would cost a permission check a model."""
        return []

    def _get_navigation_items(self, request: HttpRequest, items: list[Any], tabs: Any = None) -> list[Any]:
        """The theme looks at an address several times, and each look would work it out anew."""
        worked_out = [item | {"link": str(item["link"])} for item in items]
        found: list[Any] = super()._get_navigation_items(request, worked_out, tabs)
        return found


site = StewardAdminSite()
