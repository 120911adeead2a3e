"""Approvals: what others have to say yes to; the page of one is where the word is given."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest

from identities.access.matrix import Duty
from identities.admin.approval_commands import BUTTONS
from identities.admin.approval_content import content_table
from identities.admin.approval_rows import (
    facts,
    kind_of,
    needs_cell,
    standing,
    state_badge,
    steps,
    subject_link,
    vote_table,
)
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice, exactly
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, Way
from identities.admin.parts import Badge, Empty, Lines, Moment, Quiet
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.admin.wording import tone_of
from identities.approvals import selectors
from identities.approvals.four_eyes import Refusal
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.subjects.base import kinds
from identities.approvals.voters import voice
from identities.inventory.vocabulary import RiskTier

MINE = "mine"
LIST = "identities_approvalrequest_changelist"
READS = Refusal("not_entitled", "Your role only reads.")


class MineFilter(WordFilter):
    """Those that wait for the person who looks."""

    title = "Waits for"
    parameter_name = "waits"
    words = ((MINE, "Me"),)

    def where(self, value: str) -> Q:
        return Q(waits_for_me=0)


class KindFilter(WordFilter):
    """What kind of thing it is about."""

    title = "About"
    parameter_name = "subject_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(kind, found.label) for kind, found in sorted(kinds.items())]


@admin.register(ApprovalRequest, site=site)
class ApprovalAdmin(CommandAdmin):
    """The approvals of a tenant, those that wait for the person who looks first."""

    called: ClassVar[str] = "Approvals"
    list_display = ("summary_shown", "state_shown", "needs_shown", "tier_shown", "asked_shown")
    list_display_links = ("summary_shown",)
    list_filter = (
        MineFilter,
        by_choice("state", "State", ApprovalState.choices),
        KindFilter,
        by_choice("risk_tier", "Risk tier", RiskTier.choices),
        exactly("identity", "Identity", "identity_id", is_offered=False),
    )
    search_fields = ("summary", "subject_label", "requested_by", "ticket")
    search_help_text = "What is asked, who asked, ticket"
    ordering = ("-requested_at", "pk")
    empty_list = Empty(
        "Nothing was ever asked",
        "Requests, changes of what was approved, elevations and emergency access of medium and high tier wait here for "
        "the people who may say yes.",
        icon="how_to_vote",
    )
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return selectors.approvals(scope.tenant_ids(self.read_duty))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(waits_for_me=_turn(request))
        return rows

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        is_list = request.resolver_match is not None and request.resolver_match.url_name == LIST
        return [_turn(request).asc(), *self.ordering] if is_list and _waiting(request) else self.ordering

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "identity")

    @column("What is asked", order="summary")
    def summary_shown(self, row: Any) -> object:
        mine = [Badge("waits for you", "warn")] if row.waits_for_me == 0 else []
        return Lines([row.summary, Quiet(f"{kind_of(row)}, {row.subject_label}"), *mine])

    @column("State", order="state")
    def state_shown(self, row: ApprovalRequest) -> object:
        waits = row.state == ApprovalState.PENDING and row.due_at is not None
        return Lines([state_badge(row), Moment(row.due_at)]) if waits else state_badge(row)

    @column("Needs")
    def needs_shown(self, row: ApprovalRequest) -> object:
        return needs_cell(row)

    @column("Risk tier", order="risk_tier")
    def tier_shown(self, row: ApprovalRequest) -> object:
        return Badge(row.risk_tier, tone_of(row.risk_tier))

    @column("Asked", order="requested_at")
    def asked_shown(self, row: ApprovalRequest) -> object:
        return Lines([Moment(row.requested_at), Quiet(row.requested_by)])

    def page(self, request: HttpRequest, obj: ApprovalRequest, scope: Scope) -> Page:
        refusal = refusal_of(scope, obj)
        anew = selectors.latest(obj.subject_kind, obj.subject_id) if obj.state == ApprovalState.SUPERSEDED else None
        subject = str(obj.identity_id or obj.subject_id)
        tabs = [
            Tab("asked", "What is asked", lambda: [steps(obj), content_table(obj), facts(obj)]),
            Tab("words", "Words given", lambda: [vote_table(obj)], count=len(obj.votes.all())),
            *timeline_tab(scope, obj, subject),
        ]
        badges = [state_badge(obj), Badge(f"{obj.risk_tier} tier", tone_of(obj.risk_tier))]
        lead = Lines([Quiet(f"{kind_of(obj)}:"), subject_link(obj)], row=True)
        return Page(obj.summary, tabs, badges, lead=lead, notices=standing(obj, refusal, anew=anew))

    def ways(self, scope: Scope, obj: Any) -> list[Way]:
        """Who may give no word sees the reason instead of the buttons."""
        found = super().ways(scope, obj)
        return [way for way in found if way.label == "Withdraw" or refusal_of(scope, obj) is None]


def refusal_of(scope: Scope, row: Any) -> Refusal | None:
    """Why the person who looks may give no word; asked once a page."""
    if row.state != ApprovalState.PENDING:
        return None
    if not hasattr(row, "asked_of"):
        may = scope.may(Duty.DECIDE_REQUEST, row.tenant_id, owned=True)
        found = voice(row, scope.user) if may else READS
        row.asked_of = found if isinstance(found, Refusal) else None
    refusal: Refusal | None = row.asked_of
    return refusal


def _turn(request: HttpRequest) -> Case:
    """0 for what waits for the person who looks, 1 for the rest."""
    first = When(pk__in=_waiting(request), then=Value(0))
    return Case(first, default=Value(1), output_field=IntegerField())


def _waiting(request: HttpRequest) -> Sequence[Any]:
    """What waits for the person who looks; looked up once a request."""
    known: Any = request
    if not hasattr(known, "approvals_waiting"):
        known.approvals_waiting = list(selectors.waiting_for(scope_of(request).user).values_list("pk", flat=True))
    found: Sequence[Any] = known.approvals_waiting
    return found
