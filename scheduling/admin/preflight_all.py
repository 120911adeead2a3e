"""Preflight all: what is due in 7 days is tried now, part after part, with how far it is."""

import time
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from identities.access.matrix import Duty, Reach
from identities.admin.pages import list_of, page_of
from identities.admin.parts import Empty, Link, Moment, Notice, Table
from identities.admin.scope import Scope, scope_of
from scheduling.admin.preflight_blocks import problem_lines
from scheduling.models import Schedule
from scheduling.preflight import selectors
from scheduling.preflight.services import preflight, problems_of
from scheduling.selectors import owned_by

NAME = "scheduling_preflight_all"
#: Of one request: then the page shows how far it is, and goes on.
SECONDS = 1.5
SHOWN = 100
START = UUID(int=0)


def view(site: Any, request: HttpRequest) -> HttpResponse:
    """Ask, try a part, or tell what became of it. Where it stands is in the address: `since` and `after`."""
    scope = scope_of(request)
    if not scope.may(Duty.OPERATE_SCHEDULE):
        raise PermissionDenied
    since, after = _since(request), _after(request)
    if request.method == "POST":
        began = since or timezone.now()
        query = urlencode({"since": began.isoformat(), "after": str(_try_some(scope, began, after))})
        return HttpResponseRedirect(f"{reverse(f'admin:{NAME}')}?{query}")
    rows = due(scope, since or timezone.now())
    total, done = rows.count(), rows.filter(pk__lte=after).count() if since else 0
    crumbs = [Link("Schedules", list_of(Schedule)), Link("Preflight all")]
    context = {
        **site.each_context(request),
        "title": "Preflight all",
        "crumbs": crumbs,
        "is_begun": since is not None,
        "count": total,
        "done": done,
        "left": total - done,
        "table": _failing(rows, scope) if since else None,
        "back": list_of(Schedule),
    }
    return TemplateResponse(request, "steward/preflight_all.html", context)


def invitation(scope: Scope) -> list[Notice]:
    """The way here from the list, for whoever may operate some schedule."""
    if not scope.may(Duty.OPERATE_SCHEDULE):
        return []
    text = "Each day every schedule due within 7 days is tried without effect: what would fail at night shows by day."
    return [Notice("Preflight", text, "plain", "flight_takeoff", Link("Preflight all", reverse(f"admin:{NAME}")))]


def due(scope: Scope, at: datetime) -> QuerySet[Schedule]:
    """What is due within 7 days and theirs to operate, by id."""
    rows = selectors.due_within(scope.tenant_ids(Duty.OPERATE_SCHEDULE), at)
    if scope.principal.reach(Duty.OPERATE_SCHEDULE) is Reach.OWN:
        rows = rows.filter(owned_by(scope.user.pk)).distinct()
    return rows.order_by("pk")


def _try_some(scope: Scope, began: datetime, after: UUID) -> UUID:
    """Try the next ones for a moment, at least one; the last that was tried."""
    until = time.monotonic() + SECONDS
    for schedule_id in list(due(scope, began).filter(pk__gt=after).values_list("pk", flat=True)[:500]):
        schedule = selectors.tried(None).filter(pk=schedule_id).first()
        if schedule is not None:
            preflight(schedule, at=timezone.now(), actor=scope.actor)
        after = schedule_id
        if time.monotonic() > until:
            break
    return after


def _failing(rows: QuerySet[Schedule], scope: Scope) -> Table:
    found = (
        rows.filter(preflight__is_clear=False).select_related("preflight").order_by("preflight__occurrence_at", "pk")
    )
    shown = []
    for schedule in found.order_by(selectors.first_failure("preflight__"), "pk")[:SHOWN]:
        problems = problems_of(schedule.preflight)
        shown.append(
            [Link(schedule.name, page_of(schedule)), Moment(problems[0].at), problem_lines(schedule, problems, scope)]
        )
    empty = Empty(
        "None of those tried would fail", "Their runs of the next 7 days would go as planned.", icon="task_alt"
    )
    return Table("Would fail", ["Schedule", "First to fail", "Why, and what mends it"], shown, empty)


def _since(request: HttpRequest) -> datetime | None:
    try:
        found = parse_datetime(request.GET.get("since", ""))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _after(request: HttpRequest) -> UUID:
    try:
        return UUID(request.GET.get("after", ""))
    except ValueError:
        return START
