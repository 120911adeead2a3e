"""Review items: every question of every campaign, with its evidence, its answers and what came of them."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.campaign_item_commands import BUTTONS
from identities.admin.campaign_item_rows import advice, answer, came_of_it, history_blocks, question_blocks
from identities.admin.campaign_rows import item_state_badge, remedy_badge
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice, by_row
from identities.admin.pages import Page, Tab, link_to
from identities.admin.parts import Badge, Empty, Lines, Quiet
from identities.admin.review_card import DECISIONS, decision_badge
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import tone_of
from identities.inventory.vocabulary import RiskTier
from identities.people.models import User
from identities.recertification.models import Decision, ItemState, RemediationState, ReviewCampaign, ReviewItem

AGAINST = Q(decision=Decision.CERTIFY, recommendation__in=(Decision.REDUCE, Decision.REVOKE))


class AdviceFilter(WordFilter):
    """Where the answer is not what was recommended, or a question had no answer."""

    title = "Against"
    parameter_name = "advice"
    words = (
        ("against", "Not as recommended"),
        ("certified", "Certified against it"),
        ("unclear", "Not ready for production"),
    )

    def where(self, value: str) -> Q:
        if value == "unclear":
            return ~Q(unclear=[])
        if value == "certified":
            return AGAINST
        return ~Q(decision__in=("", Decision.NO_RESPONSE, Decision.REASSIGN)) & ~Q(decision=F("recommendation"))


@admin.register(ReviewItem, site=site)
class ReviewItemAdmin(CommandAdmin):
    """The items of a tenant's campaigns, the open ones first."""

    called: ClassVar[str] = "Review items"
    tenant_path = "campaign__tenant_id"
    list_display = (
        "identity_shown",
        "asked_shown",
        "advice_shown",
        "answer_shown",
        "remedy_shown",
    )
    list_display_links = ("identity_shown",)
    list_filter = (
        by_row("campaign", "Campaign", ReviewCampaign, "campaign_id"),
        by_choice("state", "State", ItemState.choices),
        by_choice("decision", "Decision", Decision.choices),
        by_choice("recommendation", "Recommended", [(it.value, DECISIONS[it][0]) for it in tuple(DECISIONS)[:3]]),
        by_choice("remediation", "What came of it", RemediationState.choices, "remediation_state"),
        by_choice("tier", "Risk tier", RiskTier.choices, "risk_tier"),
        by_row("reviewer", "Reviewer", User, "reviewer_id", says="email", is_agent=False),
        AdviceFilter,
    )
    search_fields = ("identity__name", "reviewer_label", "decision_reason")
    searched_identity = "identity_id"
    search_help_text = "Identity, reviewer, reason"
    ordering = ("-opened_at", "pk")
    list_select_related = ("identity", "campaign")
    empty_list = Empty(
        "Nothing was ever asked",
        "A campaign asks one question about each identity of its scope. Each question stands here, with its answer.",
        icon="quiz",
    )
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def tenant_of(self, obj: ReviewItem) -> Any:
        return obj.campaign.tenant

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("campaign__tenant", "identity", "reviewer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).defer("evidence", "trail", "preselected")
        return rows

    @column("Identity", order="identity__name")
    def identity_shown(self, item: ReviewItem) -> object:
        return Lines([item.identity.name, Badge(f"{item.risk_tier} tier", tone_of(item.risk_tier))])

    @column("Asked of", order="reviewer_label")
    def asked_shown(self, item: ReviewItem) -> object:
        return Lines([item.reviewer_label or Badge("nobody", "bad"), link_to(item.campaign)])

    @column("Recommended", order="recommendation")
    def advice_shown(self, item: ReviewItem) -> object:
        return advice(item)

    @column("Decision", order="decided_at")
    def answer_shown(self, item: ReviewItem) -> object:
        return answer(item)

    @column("What came of it", order="remediation_state")
    def remedy_shown(self, item: ReviewItem) -> object:
        return came_of_it(item)

    def page(self, request: HttpRequest, obj: ReviewItem, scope: Scope) -> Page:
        tabs = [
            Tab("question", "Question", lambda: question_blocks(obj)),
            Tab("answers", "Answers", lambda: history_blocks(obj)),
        ]
        badges: list[Any] = [item_state_badge(obj), Badge(f"{obj.risk_tier} tier", tone_of(obj.risk_tier))]
        if obj.decision:
            badges += [decision_badge(obj.decision), remedy_badge(obj)]
        asked = Lines([Quiet("asked of"), obj.reviewer_label or "nobody", Quiet("in"), link_to(obj.campaign)], row=True)
        return Page(f"Review of {obj.identity.name}", tabs, badges, lead=Lines([link_to(obj.identity), asked]))
