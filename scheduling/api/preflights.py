"""/flowstudio/api/schedules/{id}/preflight: what would become of the next runs, tried without effect."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import Shape
from scheduling.api.schedules import OperatedView
from scheduling.api.shapes import PreflightShape
from scheduling.models import Preflight, Schedule
from scheduling.preflight import selectors
from scheduling.preflight.services import preflight, problems_of


class NothingShape(Shape):
    """No members."""


class SchedulePreflightView(OperatedView):
    """Try a schedule now, or read what the newest trial found."""

    duties = {"GET": Duty.OPERATE_SCHEDULE, "POST": Duty.OPERATE_SCHEDULE}
    machine_permissions = {"GET": "schedule.read", "POST": "schedule.run"}

    @describe("Read what the newest preflight of a schedule found", answer=PreflightShape)
    def get(self, request: Request, id: str) -> Response:  # noqa: A002
        return self._told(self.held(id))

    @describe(
        "Try every run of the next seven days without effect: no run, no token, no mark of use",
        answer=PreflightShape,
        body=NothingShape,
    )
    def post(self, request: Request, id: str) -> Response:  # noqa: A002
        schedule = self.held(id)
        self.read(NothingShape)
        tried = selectors.tried({schedule.tenant_id}).get(pk=schedule.pk)
        preflight(tried, at=timezone.now(), actor=self.actor)
        return self._told(schedule)

    def _told(self, schedule: Schedule) -> Response:
        row = Preflight.objects.filter(schedule=schedule).first()
        facts = {
            "checked_at": row.checked_at if row else None,
            "until": row.until if row else None,
            "occurrences": row.occurrences if row else 0,
            "is_clear": row.is_clear if row else None,
            "problems": problems_of(row) if row else [],
        }
        return self.show(facts, PreflightShape)
