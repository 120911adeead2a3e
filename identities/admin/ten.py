"""The NHI Top 10 on one page: what each is about, how many are open, how it goes, and the worst rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from identities.admin.finding_rows import severity_badge, title_of
from identities.admin.pages import list_of, page_of
from identities.admin.parts import Block, Columns, Empty, Figure, Lines, Link, Quiet, Share, bars
from identities.admin.scope import Scope
from identities.detections import selectors
from identities.detections.categories import HYGIENE
from identities.detections.models import SEVERITIES, Finding, Severity
from identities.detections.selectors import CategoryCount, Day

TITLE = "NHI Top 10"


@dataclass(frozen=True)
class CategoryCard(Block):
    """One category: its name, what it is about, how many are open of each severity, and the worst of them."""

    template: ClassVar[str] = "steward/parts/category_card.html"
    count: CategoryCount

    @property
    def code(self) -> str:
        return self.count.category.code

    @property
    def is_numbered(self) -> bool:
        """Whether its code says more than its title."""
        return self.count.category is not HYGIENE

    @property
    def tone(self) -> str:
        """The tone of the big number."""
        worst = self.count.top_severity
        return {"critical": "bad", "high": "bad", "medium": "warn", "low": "quiet"}.get(worst, "good")

    @property
    def href(self) -> str:
        return list_of(Finding, category=self.code, state="open")

    @property
    def badges(self) -> list[Link]:
        """The open ones by severity, each leading to its list."""
        code = self.code
        return [
            Link(severity_badge(severity, n), list_of(Finding, category=code, severity=severity, state="open"))
            for severity, n in self.count.severities.items()
            if n
        ]

    @property
    def remarks(self) -> str:
        said = [f"{self.count.accepted} accepted"] if self.count.accepted else []
        said += [f"{self.count.resolved} resolved in 30 days"] if self.count.resolved else []
        return " · ".join(said)

    @property
    def rows(self) -> list[tuple[object, object, object]]:
        """Severity, finding and evidence of the worst ones."""
        return [
            (
                severity_badge(finding.severity),
                Lines([Link(finding.identity.name, page_of(finding)), Quiet(title_of(finding))]),
                finding.evidence,
            )
            for finding in self.count.worst
        ]


def view(admin: Any, request: HttpRequest, scope: Scope) -> HttpResponse:
    """The page, for who may read the register; five queries beside those of every page."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    tenants, at = scope.tenant_ids(admin.read_duty), timezone.now()
    counts = selectors.by_category(tenants, at=at)
    ten = [count for count in counts if count.category is not HYGIENE]
    context = {
        **admin.admin_site.each_context(request),
        "title": TITLE,
        "crumbs": [Link(admin.plural, list_of(Finding)), Link(TITLE)],
        "figures": _figures(counts),
        "trend": _trend(selectors.days(tenants, at=at)),
        "cards": [CategoryCard(count) for count in ten],
        "hygiene": [CategoryCard(count) for count in counts if count.category is HYGIENE],
        "all": list_of(Finding),
    }
    return TemplateResponse(request, "steward/top_ten.html", context)


def _figures(ten: Sequence[CategoryCount]) -> list[Figure]:
    by_severity = {severity: sum(count.severities[severity] for count in ten) for severity in SEVERITIES}
    tones = {Severity.CRITICAL: "bad", Severity.HIGH: "bad", Severity.MEDIUM: "warn", Severity.LOW: "quiet"}
    figures = [
        Figure(
            str(severity.label),
            n,
            list_of(Finding, severity=severity.value, state="open"),
            "open" if n else "none open",
            tones[severity] if n else "quiet",
        )
        for severity, n in by_severity.items()
    ]
    accepted, resolved = sum(count.accepted for count in ten), sum(count.resolved for count in ten)
    return [
        *figures,
        Figure("Accepted", accepted, list_of(Finding, state="accepted"), "somebody answers until a date"),
        Figure("Resolved", resolved, list_of(Finding, state="resolved"), "in the last 30 days", "good"),
    ]


def _trend(days: Sequence[Day]) -> Columns:
    named = {
        f"{day.day:%d %b}": [Share("opened", "warn", day.opened), Share("resolved", "good", day.resolved)]
        for day in days
    }
    opened, resolved = sum(day.opened for day in days), sum(day.resolved for day in days)
    legend = [Share("opened", "warn", opened), Share("resolved", "good", resolved)]
    empty = Empty(
        "Nothing happened in 30 days",
        "Findings that open and findings whose cause is gone are drawn here by day.",
        icon="monitoring",
    )
    return Columns("Opened and resolved by day", bars(named) if opened or resolved else [], legend, empty)
