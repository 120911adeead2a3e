"""Which identities events of runs and schedules are about, and the words of those events."""

from collections.abc import Sequence
from typing import ClassVar

from django.db.models import QuerySet

from audit.events import InstallationEvent
from audit.models import AuditEvent
from identities.notifications.concerns.base import Concern, Found, as_id
from scheduling.events import RunEvent, ScheduleEvent, WorkflowEvent
from scheduling.models import Schedule, ScheduleRun


class OfScheduling(Concern):
    """The identity that a run or a schedule works as; one query for each of the two that is among the subjects."""

    kind: ClassVar[str] = "scheduling"
    events = (RunEvent, ScheduleEvent, WorkflowEvent, InstallationEvent)

    def identities(self, events: Sequence[AuditEvent]) -> Found:
        runs = _of(events, "run", ScheduleRun.objects.all(), "identity_id")
        return {**runs, **_of(events, "schedule", Schedule.objects.all(), "managed_identity_id")}


def _of(
    events: Sequence[AuditEvent], kind: str, rows: "QuerySet[ScheduleRun] | QuerySet[Schedule]", name: str
) -> Found:
    subjects = {event.uuid: as_id(event.subject_id) for event in events if event.subject_kind == kind}
    wanted = {key for key in subjects.values() if key}
    if not wanted:
        return {}
    known = dict(rows.filter(pk__in=wanted).values_list("pk", name))
    return {uuid: {known[key]} for uuid, key in subjects.items() if key and known.get(key)}
