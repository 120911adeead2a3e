"""Every number of the programme on one page: for a tenant, one team, or a pilot that is tried first (S4-73)."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.number_links import measured, progress
from identities.admin.overview import DAYS, chosen_team, teams_of
from identities.admin.parts import Link, Moment
from identities.admin.parts.measured import Checklist, Measured
from identities.admin.parts.series import Spark
from identities.admin.scope import Scope, scope_of
from identities.inventory.models import ManagedIdentity
from identities.programme import course, selectors
from identities.programme.catalogue import MEASURES
from identities.programme.measure import Group
from identities.programme.pilots.base import choices
from identities.programme.selectors import Standing
from identities.programme.slices import Slice, narrowed

#: The groups in order; the controls and phases stand above as checklists.
HEADINGS = {
    Group.ESTATE: "The estate",
    Group.OWNERSHIP: "Who answers, and until when",
    Group.CREDENTIALS: "What they prove themselves with",
    Group.USE: "How they are used",
    Group.FINDINGS: "Findings",
    Group.DELIVERY: "How long things take",
}
MOST_APPLICATIONS = 200


def page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """The page; everybody who reads the register reads it. Within seventeen queries for a pilot counted live."""
    scope, at = scope_of(request), timezone.now()
    teams = teams_of(scope)
    team = chosen_team(teams, request.GET.get("team", ""))
    slice_ = narrowed(
        scope.tenant_ids(Duty.READ_REGISTER),
        team_id=team.pk if team else None,
        application=request.GET.get("application", ""),
        workflow=request.GET.get("workflow", ""),
    )
    standing = _standing(slice_, at)
    before = standing.before(DAYS - 1) or next(iter(standing.days[:-1]), None)
    context = {
        **site.each_context(request),
        "title": "Programme",
        "crumbs": [Link("Programme")],
        "teams": teams,
        "team": team,
        "application": slice_.application,
        "applications": _applications(scope),
        "options": [("workflow", "Workflow", _workflows(scope), slice_.workflow)],
        "counted": Moment(standing.counted_at),
        "groups": [(HEADINGS[group], _cards(group, standing, before, slice_, scope)) for group in HEADINGS],
        "checklists": _checklists(standing, slice_, scope),
        "cautions": [
            f"{caution.title}. {caution.text}"
            for caution in course.warnings(standing.numbers, before.numbers if before else None)
        ],
    }
    return TemplateResponse(request, "steward/programme.html", context)


def _standing(slice_: Slice, at: Any) -> Standing:
    """As on the overview; a pilot, of which no days are kept, is counted whole."""
    if slice_.is_pilot:
        return Standing(selectors.numbers_of(slice_, at), at, [])
    return selectors.standing(slice_, days=DAYS, at=at)


def _cards(group: Group, standing: Standing, before: Any, slice_: Slice, scope: Scope) -> list[Measured]:
    span = (standing.counted_at.date() - before.day).days if before else 0
    return [
        measured(
            standing.numbers[key],
            slice_,
            scope,
            moved=course.move(standing.numbers[key], before.numbers[key] if before else None),
            spark=Spark([day.numbers[key].shown for day in standing.days]),
            days=span,
        )
        for key, measure in MEASURES.items()
        if measure.group is group
    ]


def _checklists(standing: Standing, slice_: Slice, scope: Scope) -> list[Checklist]:
    return [
        Checklist(title, [progress(step, slice_, scope) for step in steps])
        for title, steps in (
            ("The first five controls", course.controls(standing.numbers)),
            ("The four phases", course.phases(standing.numbers)),
        )
    ]


def _applications(scope: Scope) -> list[str]:
    if scope.chosen is None:
        return []
    rows = ManagedIdentity.objects.filter(tenant_id=scope.chosen.pk).exclude(application="").order_by("application")
    return list(rows.values_list("application", flat=True).distinct()[:MOST_APPLICATIONS])


def _workflows(scope: Scope) -> Sequence[tuple[str, str]]:
    return choices("workflow", frozenset({scope.chosen.pk})) if scope.chosen is not None else ()
