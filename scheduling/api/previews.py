"""When it will run: for a schedule that is there, and for a rhythm that is only being thought of."""

from datetime import UTC, datetime

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from audit.moments import zulu
from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.views import PortalView
from identities.errors import Invalid
from scheduling import calendar as calendars
from scheduling.api.examples import PREVIEW
from scheduling.api.schedules import OperatedView
from scheduling.api.shapes import PreviewAskShape, PreviewQuery, PreviewShape

# Before it zones had offsets with seconds, which RFC 3339 cannot write; after it few zones say anything.
EARLIEST, LATEST = datetime(1972, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _answer(cron_expression: str, zone: str, start: datetime, count: int) -> Response:
    calendar = _calendar(cron_expression, zone)
    runs = [
        {"utc": zulu(moment.utc), "local": moment.local.isoformat()}
        for moment in calendars.upcoming(calendar, start, count)
    ]
    return Response({"description": f"{calendars.in_words(cron_expression)} ({zone})", "runs": runs})


def _calendar(cron_expression: str, zone: str) -> calendars.Calendar:
    errors: dict[str, list[str]] = {}
    for member, text, other in (("cron_expression", cron_expression, "UTC"), ("timezone", "* * * * *", zone)):
        try:
            calendars.parse(text, other)
        except (calendars.BadExpression, calendars.BadTimezone) as error:
            errors[member] = [str(error)]
    if errors:
        raise Invalid(errors)
    return calendars.parse(cron_expression, zone)


class SchedulePreviewView(OperatedView):
    """The next runs of a schedule."""

    duties = {"GET": Duty.OPERATE_SCHEDULE}
    machine_permissions = {"GET": "schedule.read"}

    @describe("Preview a schedule's next runs in UTC and local time", answer=PreviewShape, query=PreviewQuery)
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        schedule = self.held(id)
        count = self.read_query(PreviewQuery)["count"]
        return _answer(schedule.cron_expression, schedule.timezone, timezone.now(), count)


class PreviewView(PortalView):
    """The runs of a rhythm that nobody has saved."""

    duties = {"POST": Duty.OWN_PROFILE}
    machine_permissions = {"POST": "schedule.read"}
    resource_kind = "schedule"
    tag = "schedules"

    @describe(
        "Preview an expression; saves nothing",
        answer=PreviewShape,
        body=PreviewAskShape,
        examples={"Payroll over the end of summer time": PREVIEW},
    )
    def post(self, request: Request) -> Response:
        body = self.read(PreviewAskShape)
        start = body.get("start") or timezone.now()
        if not EARLIEST <= start < LATEST:
            raise Invalid({"start": [f"must lie between {EARLIEST.year} and {LATEST.year}"]})
        return _answer(body["cron_expression"], body["timezone"], start, body["count"])
