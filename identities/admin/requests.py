"""Requests: who asked for which identity, how far it is; asking starts from a bundle (S4-17)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from identities.access.bundles import BUNDLES
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to, list_of, new_of
from identities.admin.parts import Badge, Code, Empty, Lines, Link, Moment, Quiet
from identities.admin.request_commands import BUTTONS, CREATION
from identities.admin.request_rows import (
    age,
    checks_table,
    facts,
    needs_table,
    notices,
    reasons_table,
    state_badge,
    steps,
)
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.admin.wording import tone_of, words
from identities.inventory.vocabulary import Environment, RiskTier
from identities.requests import selectors
from identities.requests.models import IdentityRequest, RequestState


class MineFilter(WordFilter):
    """One's own, or those of others."""

    title = "Whose"
    parameter_name = "mine"
    words = (("yes", "Mine"), ("no", "Of others"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.asker = scope_of(request).user.pk
        return super().queryset(request, queryset)

    def where(self, value: str) -> Q:
        mine = selectors.asked_by(self.asker)
        return mine if value == "yes" else ~mine


@admin.register(IdentityRequest, site=site)
class RequestAdmin(CommandAdmin):
    """The requests of a tenant, the newest first."""

    called: ClassVar[str] = "Requests"
    list_display = ("name_shown", "state_shown", "tier_shown", "waiting_shown", "asked_shown", "time_shown")
    list_display_links = ("name_shown",)
    list_filter = (
        by_choice("state", "State", RequestState.choices),
        MineFilter,
        by_choice("tier", "Risk tier", RiskTier.choices, "risk_tier"),
        by_choice("environment", "Environment", Environment.choices),
        by_choice("bundle", "Bundle", [(key, bundle.label) for key, bundle in BUNDLES.items()]),
    )
    search_fields = ("name", "purpose", "requested_by", "ticket")
    search_help_text = "Name, purpose, who asked, ticket"
    ordering = ("-requested_at", "pk")
    empty_list = Empty(
        "Nobody has asked for an identity yet",
        "A request starts from a bundle. Of low tier it is issued at once, with its secret; else others say yes first.",
        icon="add_moderator",
    )
    creation: ClassVar[Command | None] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return selectors.requests(scope.tenant_ids(self.read_duty))

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        return self.ordering

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """First the bundle, then the one page of its form."""
        if request.method == "GET" and request.GET.get("bundle") not in BUNDLES and "choices" not in request.GET:
            return self._bundles(request)
        return super().add_view(request, form_url, extra_context)

    def _bundles(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        cards = [
            {
                "bundle": bundle,
                "href": new_of(IdentityRequest, bundle=bundle.key),
                "tier": Badge(f"{bundle.floor.value} tier or higher", tone_of(bundle.floor.value)),
                "permissions": Lines([Code(name) for name in bundle.permissions], row=True),
                "evidence": ", ".join(field.label.lower() for field in bundle.evidence),
            }
            for bundle in BUNDLES.values()
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Ask for an identity",
            "crumbs": [Link(self.plural, list_of(IdentityRequest)), Link("Ask for an identity")],
            "cards": cards,
        }
        return TemplateResponse(request, "steward/request_bundles.html", context)

    @column("Identity", order="name")
    def name_shown(self, row: IdentityRequest) -> object:
        return Lines([row.name, Quiet(f"{row.bundle}, {words(row.environment).lower()}")])

    @column("State", order="state")
    def state_shown(self, row: IdentityRequest) -> object:
        return Lines([state_badge(row), *([Badge("problem", "warn", row.problem)] if row.problem else [])], row=True)

    @column("Risk tier", order="risk_tier")
    def tier_shown(self, row: IdentityRequest) -> object:
        return Badge(row.risk_tier, tone_of(row.risk_tier))

    @column("Waits for")
    def waiting_shown(self, row: IdentityRequest) -> object:
        left = selectors.needs_left(row)
        return Lines([Badge(need, "warn") for need in left], row=True) if left else Quiet("–")

    @column("Asked", order="requested_at")
    def asked_shown(self, row: IdentityRequest) -> object:
        return Lines([Moment(row.requested_at), Quiet(row.requested_by)])

    @column("Took")
    def time_shown(self, row: IdentityRequest) -> object:
        return age(row) if row.closed_at else Quiet(f"{age(row)} so far")

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "identity", "approval", "technical_owner", "owner_team")

    def page(self, request: HttpRequest, obj: IdentityRequest, scope: Scope) -> Page:
        def asked() -> list[Any]:
            return [steps(obj), needs_table(obj), reasons_table(obj), facts(obj), checks_table(obj)]

        tabs = [Tab("request", "Request", asked), *timeline_tab(scope, obj, str(obj.pk))]
        badges = [state_badge(obj), Badge(f"{obj.risk_tier} tier", tone_of(obj.risk_tier))]
        lead = Lines([Quiet("identity"), link_to(obj.identity)], row=True) if obj.identity else obj.purpose
        return Page(obj.name, tabs, badges, lead=lead, notices=notices(obj, scope.user))
