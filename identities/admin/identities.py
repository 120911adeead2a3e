"""The register: every non-human identity, its page with its tabs, and the commands on it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.approval_standing import approval_badges, identity_notices
from identities.admin.base import CommandAdmin
from identities.admin.bulk import BulkPages
from identities.admin.commands import Command
from identities.admin.history import timeline_tab
from identities.admin.identity_commands import BUTTONS, CREATION
from identities.admin.identity_filters import LIST_FILTER
from identities.admin.identity_list import COLUMNS, UNORDERED, surroundings
from identities.admin.identity_rows import READ, TRIAGE_TONES, rows_of
from identities.admin.pages import Page, Tab, page_of
from identities.admin.parts import Badge, Block, Empty, Lines, Link, Moment, Notice, Quiet
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.admin.tabs.base import tabs_for
from identities.admin.wording import tone_of, words
from identities.inventory import selectors as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import Triage
from identities.lifecycle import selectors as stopped
from identities.lifecycle.models import Quarantine


@admin.register(ManagedIdentity, site=site)
class IdentityAdmin(BulkPages, CommandAdmin):
    """The identities of a tenant. Retired ones are shown only when asked for by state."""

    called: ClassVar[str] = "Identities"
    list_display = tuple(member for member, _ in COLUMNS)
    sortable_by = tuple(member for member, _ in COLUMNS if member not in UNORDERED)
    list_filter = LIST_FILTER
    search_fields = ("name",)
    change_list_template = "steward/register.html"
    list_max_show_all = 0
    search_help_text = "Name, client id, purpose, owner, team, ticket, key"
    ordering = ("name", "pk")
    list_select_related = ("owner_team",)
    finds_keys_first = False
    searches_once = True
    empty_list = Empty(
        "No identities yet",
        "Enter every bot, job, key and agent that acts by itself: who it is, who answers for it, what it is for.",
        icon="smart_toy",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def get_urls(self) -> list[URLPattern]:
        return [*self.bulk_urls(), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if "state" in request.GET else rows.exclude(state=State.RETIRED)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(inventory.matching(search_term)), False

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        return super().get_paginator(request, queryset.only(*READ), per_page, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            answer.context_data |= self._list(request, answer.context_data["cl"])
        return answer

    def _list(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        scope = scope_of(request)
        rows = rows_of(
            changelist.result_list,
            at=timezone.now(),
            may_mend=lambda tenant: scope.may(Duty.GOVERN, tenant),
        )
        return {
            "register_rows": rows,
            "bulk_deeds": self.bulk_menu(request),
            "bulk_address": reverse("admin:identities_managedidentity_bulk"),
            "bulk_filter": changelist.get_query_string(remove=["p"]).removeprefix("?"),
            **surroundings(request, changelist),
        }

    def page(self, request: HttpRequest, obj: ManagedIdentity, scope: Scope) -> Page:
        tabs = tabs_for(obj, scope)
        open_tab = request.GET.get("tab")
        shown = [Tab(tab.kind, tab.label, tab.blocks) for tab in tabs]
        badges: list[Badge | Link] = [
            Link(Badge(obj.triage, TRIAGE_TONES.get(Triage(obj.triage), "quiet"), "Why"), page_of(obj, tab="triage")),
            Badge(obj.state, tone_of(obj.state)),
            Badge(obj.environment or "environment not known", tone_of(obj.environment)),
            Badge(words(obj.kind)),
            Badge(f"{obj.risk_tier} risk", tone_of(obj.risk_tier)),
            *([Badge("brittle", "warn", obj.brittle_reason)] if obj.brittle else []),
            *approval_badges(obj.approval_state),
        ]
        said = {tab.kind: list(tab.notices()) for tab in tabs if tab.kind != open_tab}
        verdict = said.pop("triage", [])
        # What stops it comes first; its colour is a notice of its own only where nothing else is said, or it is red.
        notices = [
            *said.pop("runs", []),
            *state_notices(obj),
            *identity_notices(obj),
            *(notice for found in said.values() for notice in found),
        ]
        if obj.triage == Triage.RED or not any(getattr(notice, "blocks", True) for notice in notices):
            notices = [*verdict, *notices]
        return Page(obj.name, [*shown, *timeline_tab(scope, obj)], badges, lead=obj.purpose, notices=notices)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = queryset.select_related("tenant", "business_owner", "technical_owner", "deputy_owner", "owner_team")
        return rows.select_related("replacement_of__account", "replacement_of__role")


def state_notices(identity: ManagedIdentity) -> list[Block]:
    """What must be known about an identity that cannot work."""
    if identity.is_enabled:
        return []
    row = stopped.standing(identity) if identity.state == State.QUARANTINED else None
    is_drill = row is not None and row.is_drill
    meaning = {
        "disabled": "It gets no token, its tokens are dead, and its runs are refused.",
        "paused": "It rests by plan: no token, no run. Who came meanwhile stands under Stops.",
        "quarantined": "It was stopped as an incident: no token, no call, no run until it is released.",
        "retired": "It has ended for good. The row stays as evidence.",
    }.get(identity.state, "It cannot work yet.")
    since: list[object] = [Quiet("Since"), Moment(identity.state_changed_at), Quiet(identity.state_reason)]
    if (back := row.release_at if row else identity.paused_until) is not None:
        since += [Quiet("Ends by itself"), Moment(back)]
    title = "A drill is under way." if is_drill else f"This identity is {identity.state}."
    text = Lines(["It is stopped in earnest, and released by itself." if is_drill else meaning, Lines(since, row=True)])
    tone = "info" if is_drill else {"retired": "quiet", "quarantined": "bad"}.get(identity.state, "warn")
    return [Notice(title, text, tone, "block", _way_on(identity, row))]


def _way_on(identity: ManagedIdentity, row: Quarantine | None) -> Link | None:
    """Where a stopped identity is worked on."""
    if row is not None:
        return Link("The runbook", page_of(row))
    return Link("Who knocked", page_of(identity, tab="stops")) if identity.state == State.PAUSED else None
