"""Routes of the programme: its numbers, how they went, and the reports."""

from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import Query, Shape
from identities.api.views import PortalView
from identities.errors import Missing
from identities.names import camel
from identities.people.models import Team
from identities.programme import selectors, services as programme, sheets
from identities.programme.arithmetic import Number
from identities.programme.reports.base import Report, kinds, reports
from identities.programme.slices import Slice, narrowed

FORMATS = ("json", "csv", "xlsx")
TENANT_HELP = "Whose. Others than the own tenant: platform administrator and AUDITOR only."


class SliceQuery(Query):
    """Whose numbers."""

    tenant_id = serializers.UUIDField(required=False, help_text=TENANT_HELP)
    team = serializers.UUIDField(required=False, help_text="Only what this team owns.")


class NumbersQuery(SliceQuery):
    """Whose numbers, and perhaps only those of a pilot."""

    application = serializers.CharField(
        required=False, max_length=120, help_text="Only the identities of this application."
    )
    workflow = serializers.CharField(
        required=False, max_length=100, help_text="Only the identities that run this workflow, by its id."
    )


class TrendQuery(SliceQuery):
    """How far back."""

    days = serializers.IntegerField(
        min_value=1, max_value=selectors.LONGEST_TREND, default=30, help_text="So many days, today among them."
    )


class ReportQuery(NumbersQuery):
    """A page of a report, or its file; a report's own options beside it."""

    format = serializers.ChoiceField(choices=FORMATS, default="json", help_text="`csv` and `xlsx` are the whole file.")
    page = serializers.IntegerField(min_value=1, max_value=10_000, default=1, help_text="Counted from 1.")
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=50, help_text="Rows on a page.")
    life = serializers.CharField(required=False, max_length=20, help_text="live-tokens: short or long.")
    back = serializers.CharField(required=False, max_length=20, help_text="removed: month, quarter or year.")
    privilege = serializers.CharField(required=False, max_length=20, help_text="data-reach: low, medium, high, admin.")


class NumberShape(Shape):
    """One number. `value` null is "not known": it is never written as nought."""

    key = serializers.CharField(help_text="Stable.")
    label = serializers.CharField(help_text="Its name.")  # type: ignore[assignment]  # a member
    help = serializers.CharField(help_text="What it means.")
    group = serializers.CharField(help_text="Under which heading it stands.")
    unit = serializers.CharField(help_text="count, share (value is how many of `of`), days or seconds.")
    value = serializers.FloatField(allow_null=True, help_text="Null: not known.")
    of = serializers.IntegerField(allow_null=True, help_text="The whole, where there is one.")
    unknown = serializers.IntegerField(allow_null=True, help_text="How many of the whole are not known.")
    percent = serializers.FloatField(allow_null=True, help_text="Of a share, with one place.")
    parts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By environment; of times by risk tier, in seconds.",
    )
    list = serializers.CharField(help_text="Where its rows are; empty where no list can be had.")
    query = serializers.CharField(help_text="The filter of that list behind the number.")
    gap_query = serializers.CharField(help_text="The filter of those that miss; empty where there is none.")


class NumbersShape(Shape):
    """The numbers of a slice, counted now."""

    as_of = serializers.DateTimeField(help_text="When they were counted.")
    numbers = NumberShape(many=True, help_text="All of them, in a fixed order.")


class NumbersOfDayShape(Shape):
    """The numbers of a day, as they last were on it."""

    day = serializers.DateField(help_text="The day, UTC.")
    taken_at = serializers.DateTimeField(help_text="When they were counted last.")
    numbers = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="By key; a share in percent. Null: not known."
    )


class TrendShape(Shape):
    """Days, oldest first; a day on which nothing was counted is missing."""

    days = NumbersOfDayShape(many=True, help_text="One for each day that was kept.")


class ReportShape(Shape):
    """A report in words."""

    name = serializers.CharField(help_text="As in its address.")
    title = serializers.CharField(help_text="The question it answers.")
    why = serializers.CharField(help_text="Why it matters.")
    columns = serializers.ListField(child=serializers.CharField(), help_text="In the order of a row's cells.")


class ReportsShape(Shape):
    """The reports there are."""

    results = ReportShape(many=True, help_text="In order.")


class ReportPageShape(ReportShape):
    """A page of a report."""

    count = serializers.IntegerField(help_text="How many rows there are in all.")
    page = serializers.IntegerField(help_text="Which page this is.")
    rows = serializers.ListField(
        child=serializers.ListField(child=serializers.JSONField(allow_null=True)), help_text="Cells, row by row."
    )


class SlicedView(PortalView):
    """What is asked of one tenant, perhaps of one team or pilot of it."""

    tag = "programme"
    resource_kind = "programme"

    def slice(self, query: dict[str, Any]) -> Slice:
        """The tenants in reach, narrowed as asked; a team that is not theirs is a 400."""
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        team = query.get("team")
        if team is not None:
            found = Team.objects.filter(pk=team)
            if not (found if tenants is None else found.filter(tenant_id__in=tenants)).exists():
                raise serializers.ValidationError({"team": ["There is no such team."]})
        asked = {name: query.get(name, "") for name in ("application", "workflow")}
        return narrowed(tenants, team_id=team, **asked)


class NumbersView(SlicedView):
    """The numbers."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "report.read"}

    @describe("Read the programme's numbers", answer=NumbersShape, query=NumbersQuery)
    def get(self, request: Request) -> Response:
        slice_, at = self.slice(self.read_query(NumbersQuery)), timezone.now()
        if slice_.is_pilot:
            found, counted_at = selectors.numbers_of(slice_, at), at
        else:
            standing = selectors.standing(slice_, days=2, at=at)
            found, counted_at = dict(standing.numbers), standing.counted_at
        body = {"as_of": counted_at, "numbers": [as_members(number) for number in found.values()]}
        return self.show(body, NumbersShape)


class TrendView(SlicedView):
    """How the numbers went."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "report.read"}

    @describe("Read how the numbers went, day by day", answer=TrendShape, query=TrendQuery)
    def get(self, request: Request) -> Response:
        query = self.read_query(TrendQuery)
        days = selectors.trend(self.slice(query), days=query["days"], at=timezone.now())
        told = [
            {
                "day": day.day,
                "taken_at": day.taken_at,
                "numbers": {camel(key): number.shown for key, number in day.numbers.items()},
            }
            for day in days
        ]
        return self.show({"days": told}, TrendShape)


class ReportsView(SlicedView):
    """The reports."""

    resource_kind = "report"
    duties: ClassVar = {"GET": Duty.REPORT}
    machine_permissions: ClassVar = {"GET": "report.read"}

    @describe("List the reports", answer=ReportsShape)
    def get(self, request: Request) -> Response:
        self.read_query(Query)
        return self.show({"results": reports()}, ReportsShape)


class ReportView(SlicedView):
    """One report."""

    resource_kind = "report"
    duties: ClassVar = {"GET": Duty.REPORT}
    machine_permissions: ClassVar = {"GET": "report.read"}

    @describe(
        "Read a report",
        answer=ReportPageShape,
        query=ReportQuery,
        description="A page of it, or with `format` the whole file (CSV, XLSX; 100,000 rows at the most, safe against "
        "formulas). A file is recorded in the audit.",
    )
    def get(self, request: Request, name: str) -> Any:
        kind = kinds.get(name)
        if kind is None:
            raise Missing("There is no such thing.")
        query = self.read_query(ReportQuery)
        report = kind(self.slice(query), timezone.now(), self._options(kind, query))
        if query["format"] != "json":
            return self._file(report, query["format"])
        start = (query["page"] - 1) * query["page_size"]
        lines = report.lines(start, start + query["page_size"])
        body = {
            **{member: getattr(report, member) for member in ("name", "title", "why", "columns")},
            "count": report.count(),
            "page": query["page"],
            "rows": [[_plain(cell) for cell in line.cells] for line in lines],
        }
        return self.show(body, ReportPageShape)

    def _options(self, kind: type[Report], query: dict[str, Any]) -> dict[str, str]:
        """The report's own options; one that is another report's, or says nothing here, is a 400."""
        asked = {name: query[name] for name in ("life", "back", "privilege") if query.get(name)}
        errors = {
            name: [
                f"One of {', '.join(kind.options[name][1])}." if name in kind.options else "There is no such member."
            ]
            for name, word in asked.items()
            if word not in kind.options.get(name, ("", {}))[1]
        }
        if errors:
            raise serializers.ValidationError(errors)
        return asked

    def _file(self, report: Report, file_format: str) -> HttpResponseBase:
        count, tenants = report.count(), report.slice.tenant_ids
        programme.note_export(
            tenant_id=next(iter(tenants)) if tenants is not None and len(tenants) == 1 else None,
            page=f"reports/{report.name}", name=report.title, query=report.slice.narrowing(),
            rows=min(count, sheets.MOST_ROWS), file_format=file_format, actor=self.actor,
        )  # fmt: skip
        rows = (line.cells for line in report.every_line(sheets.MOST_ROWS))
        return sheets.file_response(
            report.title, report.at, count=count, file_format=file_format, headers=report.columns, rows=rows
        )


def as_members(number: Number) -> dict[str, Any]:
    """A number with its words."""
    measure = number.measure
    return {
        "key": camel(number.key), "label": measure.label, "help": measure.help, "group": measure.group.value,
        "unit": measure.unit.value, "value": number.value, "of": number.of, "unknown": number.unknown,
        "percent": number.percent if measure.unit == "share" else None, "parts": number.parts, "list": measure.listed,
        "query": measure.query, "gap_query": measure.gap,
    }  # fmt: skip


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, str | int | float) else sheets.cell(cell)


urlpatterns = [
    path("programme/numbers", NumbersView.as_view(), name="programme-numbers"),
    path("programme/trend", TrendView.as_view(), name="programme-trend"),
    path("reports", ReportsView.as_view(), name="reports"),
    path("reports/<slug:name>", ReportView.as_view(), name="report"),
]
