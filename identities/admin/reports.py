"""The reports: what there is, each with its question, its rows and its files."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin import exports
from identities.admin.identity_paging import MOST
from identities.admin.number_links import report_address, with_query
from identities.admin.overview import chosen_team, teams_of
from identities.admin.pages import Way, address_of, list_of
from identities.admin.parts import Badge, Empty, Link, Moment, Table
from identities.admin.scope import Scope, scope_of
from identities.admin.wording import label_of, tone_of, words
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import AuthMethod, Environment, Kind, Triage
from identities.programme.reports.base import Cell, Line, Report, kinds, reports
from identities.programme.sheets import MOST_ROWS
from identities.programme.slices import narrowed

PAGE = 50
TRIAGE_TONES = {"red": "bad", "amber": "warn", "green": "good"}
WORDS = {
    **{kind.value: label_of(kind) for kind in Kind},
    **{method.value: label_of(method) for method in AuthMethod},
}


def index(site: Any, request: HttpRequest) -> HttpResponseBase:
    """Every report with the question it answers."""
    _check(request)
    context = {
        **site.each_context(request),
        "title": "Reports",
        "crumbs": [Link("Reports")],
        "reports": [(kind.title, kind.why, report_address(kind.name)) for kind in reports()],
    }
    return TemplateResponse(request, "steward/reports.html", context)


def page(site: Any, request: HttpRequest, name: str) -> HttpResponseBase:
    """One report, for the tenant looked at or one team of it; `?format=` is its file."""
    scope = _check(request)
    kind = kinds.get(name)
    if kind is None:
        raise Http404("There is no such report.")
    teams = teams_of(scope)
    team = chosen_team(teams, request.GET.get("team", ""))
    slice_ = narrowed(
        scope.tenant_ids(Duty.REPORT),
        team_id=team.pk if team else None,
        application=request.GET.get("application", ""),
        workflow=request.GET.get("workflow", ""),
    )
    report = kind(slice_, timezone.now(), request.GET.dict())
    asked = {**report.asked, "team": slice_.team_id, "application": slice_.application, "workflow": slice_.workflow}
    if request.GET.get(exports.FORMAT) in exports.FORMATS:
        return _file(request, report, with_query("", **asked).lstrip("?"), request.GET[exports.FORMAT])
    # Counted and ordered by one statement, as far as pages go; a file has the rest.
    keys = report.keys(MOST + 1)
    shown = Paginator(range(min(len(keys), MOST)), PAGE).get_page(request.GET.get("p"))
    start = (shown.number - 1) * PAGE
    context = {
        **site.each_context(request),
        "title": kind.title,
        "crumbs": [Link("Reports", with_query(report_address(name).rsplit(f"{name}/", 1)[0])), Link(kind.title)],
        "report": report,
        "count": shown.paginator.count,
        "said": f"{shown.paginator.count:,}" + ("+" if len(keys) > MOST else ""),
        "is_capped": len(keys) > MOST,
        "most": MOST_ROWS,
        "table": _table(report, report.page(start, min(start + PAGE, MOST), keys)),
        "teams": teams,
        "team": team,
        "options": [
            (key, label, words_.items(), report.asked.get(key, "")) for key, (label, words_) in kind.options.items()
        ],
        "ways": _ways(report, asked),
        "pages": shown,
        "previous": _turned(name, asked, shown.number - 1) if shown.has_previous() else "",
        "next": _turned(name, asked, shown.number + 1) if shown.has_next() else "",
    }
    return TemplateResponse(request, "steward/report.html", context)


def _check(request: HttpRequest) -> Scope:
    scope = scope_of(request)
    if not scope.may(Duty.REPORT):
        raise PermissionDenied
    return scope


def _file(request: HttpRequest, report: Report, query: str, file_format: str) -> HttpResponseBase:
    return exports.answer(
        request,
        page=f"reports/{report.name}",
        title=report.title,
        query=query,
        count=report.count(),
        file_format=file_format,
        headers=report.columns,
        rows=(line.cells for line in report.every_line(MOST_ROWS)),
    )


def _ways(report: Report, asked: dict[str, Any]) -> list[Way]:
    found = [
        Way(word.upper(), with_query(report_address(report.name), **asked, format=word), "download")
        for word in exports.FORMATS
    ]
    if not report.identities:
        return found
    narrowing = {"team": asked["team"], "application": asked["application"]}
    address = with_query(f"{list_of(ManagedIdentity)}?{report.identities}", **narrowing).replace("?team", "&team")
    return [Way("As a list", address, "list"), *found]


def _turned(name: str, asked: dict[str, Any], number: int) -> str:
    return with_query(report_address(name), **asked, p=number)


def _table(report: Report, lines: list[Line]) -> Table:
    rows = [
        [_drawn(header, cell, line) for header, cell in zip(report.columns, line.cells, strict=True)] for line in lines
    ]
    return Table("", report.columns, rows, Empty(report.nothing, icon="task_alt"))


def _drawn(header: str, cell: Cell, line: Line) -> object:
    if cell is None:
        return "–"
    if isinstance(cell, datetime):
        return Moment(cell)
    if isinstance(cell, date):
        return f"{cell:%-d %b %Y}"
    if header in {"Identity", "About"} and line.identity_id is not None:
        return Link(cell, address_of(ManagedIdentity, line.identity_id))
    if cell in Triage.values:
        return Badge(str(cell), TRIAGE_TONES[str(cell)])
    if cell in Environment.values:
        return Badge(str(cell), tone_of(str(cell)))
    return WORDS.get(str(cell)) or (words(cell) if header in {"Kind", "What"} and isinstance(cell, str) else cell)
