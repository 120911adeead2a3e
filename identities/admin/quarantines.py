"""Quarantines: the incidents and drills of a tenant; the page of one is its runbook (S3-67)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from identities.access.matrix import Duty, Reach
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice, by_row
from identities.admin.history import timeline
from identities.admin.pages import Page, Tab, link_to
from identities.admin.parts import (
    Badge,
    Block,
    Code,
    Empty,
    Fact,
    Facts,
    Lines,
    Link,
    Live,
    Moment,
    Quiet,
    Step,
    Steps,
    Table,
)
from identities.admin.quarantine_commands import BUTTONS, ways_of
from identities.admin.quarantine_rows import (
    banner,
    cause_badge,
    figures,
    knock_table,
    line_tables,
    phase_badge,
    residual,
)
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.admin.wording import tone_of, took, words
from identities.inventory.vocabulary import RiskTier
from identities.lifecycle import freezing, selectors
from identities.lifecycle.models import Cause, Quarantine
from identities.lifecycle.selectors import Phase, in_phase
from identities.people.models import Team


class PhaseFilter(WordFilter):
    """Where it stands."""

    title = "State"
    parameter_name = "phase"
    words = (
        ("open", "Open"),
        (Phase.CONTAINED.value, "Contained here, not yet there"),
        (Phase.COMPLETE.value, "Contained, not released"),
        (Phase.RELEASED.value, "Released"),
    )

    def where(self, value: str) -> Q:
        return Q(closed_at=None) if value == "open" else in_phase(value)


@admin.register(Quarantine, site=site)
class QuarantineAdmin(CommandAdmin):
    """The quarantines of a tenant, those that are open first."""

    called: ClassVar[str] = "Quarantines"
    list_display = ("called_shown", "identity_shown", "phase_shown", "cause_shown", "time_shown", "lines_shown")
    list_display_links = ("called_shown",)
    list_filter = (
        PhaseFilter,
        by_choice("cause", "Cause", [(cause.value, words(cause.value)) for cause in Cause]),
        by_choice("tier", "Risk tier", RiskTier.choices, "identity__risk_tier"),
        by_row("team", "Owning team", Team, "identity__owner_team_id"),
    )
    search_fields = ("identity__name", "identity__client_id", "reason")
    search_help_text = "Identity, client id, reason"
    ordering = ("-called_at", "pk")
    empty_list = Empty(
        "Nothing was ever quarantined",
        "One action stops an identity everywhere: on its page, over the API, or from a shell. Rehearse it there with a "
        "drill: how long it took, and what is left to do, will be listed here.",
        icon="shield_lock",
    )
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def get_urls(self) -> list[URLPattern]:
        evidence, live = self.admin_site.admin_view(self.evidence_view), self.admin_site.admin_view(self.live_view)
        return [
            path("<uuid:object_id>/evidence/", evidence, name="identities_quarantine_evidence"),
            path("<uuid:object_id>/live/", never_cache(live), name="identities_quarantine_live"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        tenants = scope_of(request).tenant_ids(self.read_duty)
        return selectors.quarantines(tenants).order_by(*self.ordering)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "identity__owner_team").defer("evidence")

    @column("Called", order="called_at")
    def called_shown(self, row: Quarantine) -> object:
        return Moment(row.called_at)

    @column("Identity", order="identity__name")
    def identity_shown(self, row: Quarantine) -> object:
        return Lines([link_to(row.identity), Quiet(row.reason)])

    @column("State")
    def phase_shown(self, row: Any) -> object:
        return phase_badge(row)

    @column("Cause", order="cause")
    def cause_shown(self, row: Quarantine) -> object:
        return cause_badge(row)

    @column("Time to revoke")
    def time_shown(self, row: Quarantine) -> object:
        return took(row.called_at, row.complete_at) or Quiet("runs")

    @column("Runbook")
    def lines_shown(self, row: Any) -> object:
        if not row.lines_all:
            return Quiet("nothing to do")
        left = [Badge(f"{row.lines_required} required", "bad")] if row.lines_required else []
        return Lines([f"{row.lines_done} of {row.lines_all} done", *left], row=True)

    def page(self, request: HttpRequest, obj: Quarantine, scope: Scope) -> Page:
        at = timezone.now()
        lines = list(selectors.lines_of(obj))
        required = sum(line.is_required and line.done_at is None for line in lines)
        ways = {line.pk: ways_of(obj, line, scope) for line in lines}

        def runbook() -> list[Block]:
            tables = line_tables(obj, lines, lambda line: ways[line.pk], at)
            return [_steps(obj), _clock(obj), *tables, _knocks(obj), figures(obj)]

        tabs = [Tab("runbook", "Runbook", runbook, count=sum(line.done_at is None for line in lines))]
        if scope.principal.reach(Duty.READ_AUDIT) not in (Reach.NONE, Reach.OWN):
            tabs.append(Tab("evidence", "Evidence", lambda: _evidence(obj)))
            tabs.append(Tab("timeline", "Timeline", lambda: timeline(scope, str(obj.identity_id), obj.identity.name)))
        badges = [
            phase_badge(obj),
            cause_badge(obj),
            Badge(f"{obj.identity.risk_tier} tier", tone_of(obj.identity.risk_tier)),
        ]
        lead = Lines([Quiet("of"), link_to(obj.identity)], row=True)
        title = f"{'Drill' if obj.is_drill else 'Quarantine'} of {obj.identity.name}"
        return Page(title, tabs, badges, lead=lead, notices=banner(obj, required, at))

    def evidence_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """The frozen bundle as a file, for those who read the whole audit."""
        row = self.one(request, str(object_id))
        if scope_of(request).principal.reach(Duty.READ_AUDIT) in (Reach.NONE, Reach.OWN):
            raise PermissionDenied
        answer = HttpResponse(freezing.document(row.evidence), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{freezing.name_of(row)}"'
        answer["Cache-Control"] = "no-store"
        return answer

    def live_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        """The moving part alone, for the page that asks again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.one(request, str(object_id))
        return HttpResponse(str(_knocks(row) if "knocks" in request.GET else _clock(row)))


def _clock(row: Quarantine) -> Live:
    """The residual access clock, which goes on by itself."""
    at = timezone.now()
    address = reverse("admin:identities_quarantine_live", args=[row.pk])
    is_elsewhere = row.complete_at is None and row.closed_at is None
    return Live(address, [residual(selectors.residual_until(row, at), at, is_elsewhere=is_elsewhere)])


def _knocks(row: Quarantine) -> Live:
    """Who knocks, as they come."""
    address = reverse("admin:identities_quarantine_live", args=[row.pk])
    found = list(selectors.knocks_since(row.identity, row.called_at)[:50])
    return Live(f"{address}?knocks", [knock_table(found)])


def _steps(row: Quarantine) -> Steps:
    """From the call to the release, each with its instant."""
    here = Lines([Moment(row.contained_at), Quiet(took(row.called_at, row.contained_at))])
    there = Lines([Moment(row.complete_at), Quiet(took(row.called_at, row.complete_at))])
    planned = Lines([Quiet("by itself"), Moment(row.release_at)]) if row.release_at else ""
    is_over = row.closed_at is not None
    return Steps(
        "How far it is",
        [
            Step("Called", Lines([Moment(row.called_at), Quiet(f"by {row.called_by}")]), is_done=True),
            Step("Contained here", here if row.contained_at else "", is_done=row.contained_at is not None),
            Step(
                "Contained there",
                there if row.complete_at else "the last required line is open",
                is_done=row.complete_at is not None,
                is_now=row.complete_at is None and not is_over,
            ),
            Step(
                "Released",
                Lines([Moment(row.closed_at), Quiet(f"by {row.released_by}")]) if is_over else planned,
                is_done=is_over,
                is_now=not is_over and row.complete_at is not None,
            ),
        ],
    )


def _evidence(row: Quarantine) -> list[Block]:
    kept = row.evidence
    address = reverse("admin:identities_quarantine_evidence", args=[row.pk])
    missing = ", ".join(kept.get("missing") or {})
    facts = [
        Fact("Taken", Moment(row.called_at, exact=True), "Before anything was changed."),
        Fact(
            "SHA-256", Code(row.evidence_digest, copy=True), "Of the file, as sha256sum prints it; also in the audit."
        ),
        Fact("Size", f"{len(freezing.document(kept)):,} bytes"),
        Fact("File", Link("Download", address)),
        *([Fact("Could not be had", missing)] if missing else []),
    ]
    rows = [[words(kind), words(part), f"{count:,}"] for kind, part, count in _counted(kept)]
    empty = Empty("The bundle is empty", "Nothing was known of this identity.")
    text = "No secret, no token's text and no digest of one is among it."
    return [Facts("Evidence", facts), Table("What is in it", ["From", "What", "How many"], rows, empty, text)]


def _counted(kept: dict[str, Any]) -> list[tuple[str, str, int]]:
    parts = [
        (kind, part) for kind, part in kept.items() if isinstance(part, dict) and kind not in ("identity", "missing")
    ]
    return [(kind, name, len(rows)) for kind, part in parts for name, rows in part.items() if isinstance(rows, list)]
