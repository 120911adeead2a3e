"""The overview: the numbers that matter now, of what the viewer may see."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.overview import Overview, Placed, programme_address
from identities.admin.pages import Way, new_of
from identities.admin.panels.base import panels_for
from identities.admin.parts import Link, Moment
from identities.admin.scope import Scope, scope_of
from identities.inventory.models import ManagedIdentity


def view(site: Any, request: HttpRequest) -> HttpResponse:
    """The overview page; within twelve queries, whatever the estate's size."""
    scope, at = scope_of(request), timezone.now()
    overview = Overview(scope, at, request.GET.get("team", ""))
    panels = panels_for(scope, at)
    by_figures = sorted(panels, key=lambda panel: panel.figures_position)
    placed = [Placed(panel.position, f"sw-span-{panel.width} sw-rows-{panel.rows}", panel.blocks()) for panel in panels]
    placed = sorted([*overview.parts(), *placed], key=lambda each: each.position)
    context = {
        **site.each_context(request),
        "title": "Overview",
        "crumbs": [Link("Overview")],
        "heading": scope.chosen.name if scope.chosen else "Every tenant",
        "lead": _lead(scope),
        "banners": [banner for panel in panels for banner in panel.banners()],
        "cautions": overview.cautions(),
        "first_steps": overview.first_steps(),
        "figures": [*overview.figures(), *(figure for panel in by_figures for figure in panel.figures())],
        "panels": [(each.classes, each.blocks) for each in placed if each.blocks],
        "teams": overview.teams,
        "team": overview.team,
        "counted": Moment(overview.standing.counted_at),
        "programme_href": programme_address(overview.slice.team_id),
        "ways": _ways(scope),
    }
    return TemplateResponse(request, "steward/dashboard.html", context)


def _lead(scope: Scope) -> str:
    if scope.shows_demo:
        return "A made-up company to look around in. Nothing here reaches a real system."
    return "Bots, jobs, keys and agents: who they are, what they did, and what needs a person."


def _ways(scope: Scope) -> list[Way]:
    if scope.chosen is None or not scope.may(Duty.GOVERN, scope.chosen.pk):
        return []
    return [Way("New identity", new_of(ManagedIdentity), "add", primary=True)]
