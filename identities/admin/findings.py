"""Findings: what the rules hold against identities, why it matters, and the button that mends it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from identities.admin import ten
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, WorkflowFilter, by_choice, by_row, exactly
from identities.admin.finding_commands import BUTTONS, way_to_mend
from identities.admin.finding_rows import severity_badge, state_badge, title_of
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to, list_of
from identities.admin.parts import (
    Badge,
    Block,
    Empty,
    Entry,
    Fact,
    Facts,
    Lines,
    Link,
    Moment,
    Notice,
    Quiet,
    Source,
    Timeline,
)
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.admin.wording import pretty, tone_of
from identities.detections.categories import CATEGORIES, HYGIENE, Category
from identities.detections.judging import every_rule, rule_of
from identities.detections.models import BY_SEVERITY, SEVERITIES, Finding, FindingState, Severity
from identities.people.models import Team, User

STANDING = "standing"


class StateFilter(WordFilter):
    """Resolved ones are shown only when asked for."""

    title = "State"
    parameter_name = "state"
    words = ((STANDING, "Open or accepted"), *((state.value, str(state.label)) for state in FindingState))

    def where(self, value: str) -> Q:
        return ~Q(state=FindingState.RESOLVED) if value == STANDING else Q(state=value)


class OwnerFilter(by_row("owner", "Owner", User, "owner_id", says="email", is_agent=False)):  # type: ignore[misc]
    """By who is to see to it, or nobody."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nobody", "Nobody"), *super().lookups(request, model_admin)]

    def where(self, value: str) -> Q:
        return Q(owner=None) if value == "nobody" else Q(owner_id=value)


class OfWorkflow(WorkflowFilter):
    """Findings on the identities that run a workflow."""

    path = "identity_id"


def _named(category: Category) -> str:
    return category.title if category is HYGIENE else f"{category.code} {category.title}"


@admin.register(Finding, site=site)
class FindingAdmin(CommandAdmin):
    """The findings of a tenant."""

    called: ClassVar[str] = "Findings"
    list_display = ("grave", "against", "fault", "evidence_shown", "state_shown")
    list_display_links = ("fault",)
    list_filter = (
        by_choice("category", "Category", [(it.code, _named(it)) for it in CATEGORIES.values()]),
        by_choice("severity", "Severity", [(severity.value, severity.label) for severity in SEVERITIES]),
        StateFilter,
        OwnerFilter,
        by_row("team", "Owning team", Team, "identity__owner_team_id"),
        exactly("application", "Application", "identity__application", is_offered=False),
        OfWorkflow,
        by_choice("code", "Rule", [(rule.code, f"{rule.code}: {rule.title}") for rule in every_rule()]),
    )
    search_fields = ("identity__name", "code", "evidence")
    searched_identity = "identity_id"
    searched_whole = ("code",)
    search_help_text = "Identity, rule, evidence"
    #: The worst first: whoever opens the list wants to know where to begin.
    ordering = (BY_SEVERITY.asc(), "-opened_at", "pk")
    list_select_related = ("identity", "owner")
    empty_list = Empty(
        "Nothing is held against any identity",
        "Every identity is judged again within seconds after it changes. What the rules find is listed here, each with "
        "its evidence and the button that mends it.",
        icon="verified_user",
    )
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.top_ten_view)
        return [path("top-ten/", view, name="identities_finding_top_ten"), *super().get_urls()]

    def top_ten_view(self, request: HttpRequest) -> HttpResponse:
        """The ten categories on one page."""
        return ten.view(self, request, scope_of(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(rank=BY_SEVERITY)
        return rows if "state" in request.GET else rows.exclude(state=FindingState.RESOLVED)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "identity", "owner")

    @column("Severity", order="rank")
    def grave(self, finding: Finding) -> object:
        return severity_badge(finding.severity)

    @column("Identity", order="identity__name")
    def against(self, finding: Finding) -> object:
        owner = Quiet(finding.owner.full_name) if finding.owner else Badge("no owner", "warn", "Nobody is to see to it")
        return Lines([link_to(finding.identity), owner])

    @column("Finding", order="code")
    def fault(self, finding: Finding) -> object:
        return Lines([title_of(finding), Quiet(finding.code)])

    @column("Evidence")
    def evidence_shown(self, finding: Finding) -> object:
        return finding.evidence if len(finding.evidence) <= 140 else f"{finding.evidence[:137]}…"

    @column("State, since", order="opened_at")
    def state_shown(self, finding: Finding) -> object:
        return Lines([state_badge(finding), Moment(finding.resolved_at or finding.opened_at)])

    def page(self, request: HttpRequest, obj: Finding, scope: Scope) -> Page:
        tabs = [Tab("finding", "Finding", lambda: self._blocks(obj, scope)), *timeline_tab(scope, obj)]
        badges = [severity_badge(obj.severity), state_badge(obj), Badge(obj.code)]
        return Page(title_of(obj), tabs, badges, lead=Lines([Quiet("held against"), link_to(obj.identity)], row=True))

    def _blocks(self, finding: Finding, scope: Scope) -> list[Block]:
        rule, category = rule_of(finding.code), CATEGORIES.get(finding.category)
        why = rule.why if rule is not None else ""
        blocks: list[Block] = [Notice(finding.evidence, why, _tone(finding), "flag")]
        if rule is not None and finding.state != FindingState.RESOLVED:
            blocks.append(Notice("How to mend it", rule.mend, "plain", "build", way_to_mend(finding, scope)))
        named = _named(category) if category else finding.category
        facts = [
            Fact("Identity", link_to(finding.identity), finding.identity.purpose),
            Fact("Environment", Badge(finding.identity.environment, tone_of(finding.identity.environment))),
            Fact("Category", Link(named, list_of(Finding, category=finding.category))),
            Fact("Rule", Link(finding.code, list_of(Finding, code=finding.code))),
            Fact("Owner", str(finding.owner or ""), "assigned by hand" if finding.is_assigned else "as the identity's"),
            Fact("First seen", Moment(finding.first_seen_at)),
            Fact("Open since", Moment(finding.opened_at)),
            Fact("Last seen", Moment(finding.last_seen_at)),
            Fact("Resolved", Moment(finding.resolved_at, never="not yet")),
            *_acceptance(finding),
        ]
        return [*blocks, Facts("What is known", facts), _comments(finding), *_details(finding)]


def _tone(finding: Finding) -> str:
    if finding.state == FindingState.RESOLVED:
        return "good"
    return "bad" if finding.severity in {Severity.CRITICAL, Severity.HIGH} else "warn"


def _acceptance(finding: Finding) -> list[Fact]:
    if finding.state != FindingState.ACCEPTED:
        return []
    until = f"{finding.accepted_until:%d %b %Y}" if finding.accepted_until else ""
    return [Fact("Accepted until", until, f"by {finding.accepted_by}"), Fact("Because", finding.accepted_reason)]


def _details(finding: Finding) -> list[Block]:
    return [Source("Details", pretty(finding.details), "The evidence as programs read it.")] if finding.details else []


def _comments(finding: Finding) -> Timeline:
    said = [
        Entry(comment.at, comment.author, comment.text, "info", "comment", aside=Moment(comment.at))
        for comment in finding.comments.all()[:100]
    ]
    empty = Empty("No comment yet", "What was asked, answered and decided belongs here.", icon="forum")
    return Timeline("Comments", said, empty)
