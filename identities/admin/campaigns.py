"""Campaigns: how far each is, who answers how, what was decided, and what came of it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from identities.access.matrix import Duty, Reach
from identities.admin import review_list, review_screen
from identities.admin.base import CommandAdmin
from identities.admin.campaign_forms import FORESEEN, CampaignForm, presets_of_campaign
from identities.admin.campaign_item_rows import items_table
from identities.admin.campaign_rows import (
    RUNNING,
    Figures,
    Pair,
    bar,
    decisions_chart,
    due,
    facts_of,
    figures_of,
    is_late,
    overdue_table,
    remedies_chart,
    reviewers_table,
    state_badge,
)
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, button
from identities.admin.filters import WordFilter, by_choice, by_row
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, Way
from identities.admin.parts import Badge, Block, Empty, Lines, Notice, Quiet
from identities.admin.review_queue import queue_of
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.programme import campaign_files
from identities.recertification import campaigns, pace, reporting, scope as scopes, selectors
from identities.recertification.models import CampaignPlan, CampaignState, ItemState, ReviewCampaign, ReviewItem

SHOWN = 25


class StateFilter(WordFilter):
    """Where it stands; running is what one mostly wants."""

    title = "State"
    parameter_name = "state"
    words = (("running", "Running"), *((state.value, str(state.label)) for state in CampaignState))

    def where(self, value: str) -> Q:
        return Q(state__in=RUNNING) if value == "running" else Q(state=value)


def _launch(call: Call) -> Done:
    names = ("name", "scope", "due_at", "reviewer_rule", "on_silence")
    made = campaigns.launch(tenant=call.tenant, actor=call.actor, **{name: call.values[name] for name in names})
    later = made.state == CampaignState.PREPARING
    said = "It is launched; its items are being written." if later else "It is launched; its reviewers are told."
    return Done(said, obj=made)


def _is_running(campaign: ReviewCampaign) -> bool:
    return campaign.state in RUNNING and not campaign.is_drift


@admin.register(ReviewCampaign, site=site)
class CampaignAdmin(CommandAdmin):
    """The campaigns of a tenant, the newest first."""

    called: ClassVar[str] = "Campaigns"
    list_display = ("name_shown", "progress_shown", "state_shown", "due_shown", "overdue_shown")
    list_display_links = ("name_shown",)
    list_filter = (
        StateFilter,
        by_choice("is_drift", "Kind", [("False", "Campaigns"), ("True", "What changed after it was certified")]),
        by_row("plan", "Plan", CampaignPlan, "plan_id"),
    )
    search_fields = ("name", "created_by")
    search_help_text = "Name, who launched it"
    ordering = ("-opened_at", "pk")
    empty_list = Empty(
        "No campaign yet",
        "A campaign asks the people who own identities whether each is still needed, and acts on the answer, and on "
        "silence. Begin with the high tier in production; a plan does it each quarter by itself.",
        icon="fact_check",
    )
    creation: ClassVar[Command] = Command(
        key="add",
        label="Launch a campaign",
        run=_launch,
        form=CampaignForm,
        icon="campaign",
        submit="Launch it, and tell the reviewers",
        intro="Each identity of the scope becomes one question to one person, with what is known of it.",
        notes=presets_of_campaign,
        preview=FORESEEN,
    )
    buttons: ClassVar[Sequence[Command]] = (
        button(
            campaigns.cancel,
            key="cancel",
            label="Cancel",
            icon="cancel",
            done="{obj.name} is cancelled. What was decided stands.",
            danger=True,
            applies=_is_running,
            confirm="Nobody is asked any more, and silence has no consequence. What was decided stays done.",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        name = "identities_reviewcampaign"
        views = (
            ("review", never_cache(self.review_view), "review"),
            ("review/list", never_cache(self.review_list_view), "review_list"),
            ("report", never_cache(self.report_view), "report"),
        )
        own = [
            path(f"<uuid:object_id>/{way}/", self.admin_site.admin_view(view), name=f"{name}_{key}")
            for way, view, key in views
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        tenants = scope_of(request).tenant_ids(self.read_duty)
        return selectors.campaigns(tenants).order_by(*self.ordering)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return selectors.campaigns(None).filter(pk__in=queryset.values("pk")).select_related("tenant", "plan")

    @column("Campaign", order="name")
    def name_shown(self, row: ReviewCampaign) -> object:
        return Lines([row.name, Quiet(scopes.words(row.scope))])

    @column("Answered")
    def progress_shown(self, row: ReviewCampaign) -> object:
        return bar(row)

    @column("State", order="state")
    def state_shown(self, row: ReviewCampaign) -> object:
        return state_badge(row)

    @column("Due", order="due_at")
    def due_shown(self, row: ReviewCampaign) -> object:
        return due(row, timezone.now())

    @column("Overdue")
    def overdue_shown(self, row: Any) -> object:
        return Badge(f"{row.items_open} overdue", "bad") if is_late(row, timezone.now()) else Quiet("none")

    def page(self, request: HttpRequest, obj: Any, scope: Scope) -> Page:
        at = timezone.now()
        items = ReviewItem.objects.filter(campaign=obj).select_related("identity", "campaign")

        def progress() -> list[Block]:
            late = (
                list(items.filter(state=ItemState.OPEN).order_by("identity__name")[:SHOWN]) if is_late(obj, at) else []
            )
            head = [Figures(figures_of(obj, at)), *overdue_table(list(late), at)]
            return [*head, *_charts(obj), reviewers_table(pace.paces(obj)), facts_of(obj)]

        def listed() -> list[Block]:
            return [items_table(list(items.order_by("identity__name", "pk")[:SHOWN]), obj)]

        tabs = [Tab("progress", "Progress", progress), Tab("items", "Items", listed, count=obj.items_all)]
        badges = [state_badge(obj), *([Badge("overdue", "bad")] if is_late(obj, at) else [])]
        lead = Lines([bar(obj), due(obj, at)], row=True)
        return Page(obj.name, [*tabs, *timeline_tab(scope, obj)], badges, lead=lead, notices=self._notices(obj, scope))

    def ways(self, scope: Scope, obj: Any) -> list[Way]:
        found = super().ways(scope, obj)
        if scope.may(Duty.READ_AUDIT, obj.tenant_id) and scope.principal.reach(Duty.READ_AUDIT) is not Reach.OWN:
            address = reverse("admin:identities_reviewcampaign_report", args=[obj.pk])
            found += [Way(word, f"{address}?format={key}", "summarize") for key, word in _REPORTS]
        if scope.may(Duty.REPORT, obj.tenant_id) and queue_of(scope.user, obj).open:
            found.append(Way("Review", review_screen.address_of(obj), "fact_check", primary=True))
        return found

    def _notices(self, obj: Any, scope: Scope) -> list[Block]:
        if obj.state == CampaignState.PREPARING:
            text = f"{obj.items_all:,} are written so far. Reviewers are told when all of them are."
            return [Notice("Its items are being written.", text, "info", "hourglass_top")]
        return []

    def review_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """The keyboard screen of the person who is signed in."""
        return review_screen.view(request, self._readable(request, object_id), self.admin_site)

    def review_list_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """Their items as a list, of which several can be certified at once."""
        return review_list.view(request, self._readable(request, object_id), self.admin_site)

    def report_view(self, request: HttpRequest, object_id: Any) -> HttpResponseBase:
        """The report, for who may read the whole audit; that it was made is recorded."""
        row, scope = self._readable(request, object_id), scope_of(request)
        if scope.principal.reach(Duty.READ_AUDIT) in (Reach.NONE, Reach.OWN):
            raise PermissionDenied
        file_format = request.GET.get("format", "html")
        if file_format not in reporting.FORMATS:
            raise Http404("There is no such format.")
        report = reporting.make(row, file_format=file_format, actor=scope.actor)
        return campaign_files.answer(report, file_format=file_format)

    def _readable(self, request: HttpRequest, object_id: Any) -> ReviewCampaign:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row: ReviewCampaign = self.one(request, str(object_id))
        return row


_REPORTS = (("html", "Report"), ("csv", "CSV"))


def _charts(campaign: ReviewCampaign) -> list[Block]:
    summary = reporting.summarised(campaign)
    if not summary["decisions"]:
        return []
    return [Pair(decisions_chart(summary, campaign), remedies_chart(summary))]
