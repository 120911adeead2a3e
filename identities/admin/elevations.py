"""Elevations: roles for a short while; the page of one counts down to its end."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.access.matrix import Duty, Reach
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.elevation_commands import BUTTONS, CREATION
from identities.admin.elevation_rows import asked_facts, countdown, phase_badge
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import timeline
from identities.admin.pages import Page, Tab, link_to
from identities.admin.parts import Badge, Block, Empty, Facts, Lines, Moment, Quiet, Step, Steps
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import tone_of
from identities.elevations import selectors
from identities.elevations.models import Elevation
from identities.elevations.selectors import Phase
from identities.inventory.vocabulary import RiskTier


class PhaseFilter(WordFilter):
    """Where it stands."""

    title = "State"
    parameter_name = "state"
    words = (
        ("live", "Runs"),
        ("ending", "Ends within the hour"),
        ("asked", "Waits for approval"),
        ("coming", "Begins later"),
        ("over", "Over"),
        ("ended", "Ended early"),
        ("rejected", "Rejected"),
        ("cancelled", "Taken back"),
    )

    def where(self, value: str) -> Q:
        at = timezone.now()
        return selectors.ends_soon(at) if value == "ending" else selectors.in_phase(value, at)


@admin.register(Elevation, site=site)
class ElevationAdmin(CommandAdmin):
    """The elevations of a tenant."""

    called: ClassVar[str] = "Elevations"
    list_display = ("role_shown", "identity_shown", "state_shown", "ends_shown", "owner_shown", "asked_shown")
    list_display_links = ("role_shown",)
    list_filter = (PhaseFilter, by_choice("tier", "Risk tier", RiskTier.choices, "identity__risk_tier"))
    list_select_related = ("identity", "role", "binding")
    search_fields = ("identity__name", "identity__client_id", "role__name", "justification", "owner_label", "ticket")
    search_help_text = "Identity, role, reason, owner, ticket"
    ordering = ("-requested_at", "pk")
    empty_list = Empty(
        "Nobody needed more than usual",
        "An elevation gives an identity one role for minutes or hours, for a reason, and ends by itself. Ask for one "
        "here or on the Access tab of the identity.",
        icon="bolt",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    @column("Role", order="role__name")
    def role_shown(self, row: Elevation) -> object:
        return row.role.name

    @column("Identity", order="identity__name")
    def identity_shown(self, row: Elevation) -> object:
        return Lines([link_to(row.identity), Quiet(row.justification[:80])])

    @column("State")
    def state_shown(self, row: Elevation) -> object:
        return phase_badge(row, timezone.now())

    @column("Ends", order="binding__valid_until")
    def ends_shown(self, row: Elevation) -> object:
        return Moment(row.binding.valid_until if row.binding else None, f"{row.minutes} min, once given")

    @column("Answers for it", order="owner_label")
    def owner_shown(self, row: Elevation) -> object:
        return row.owner_label

    @column("Asked", order="requested_at")
    def asked_shown(self, row: Elevation) -> object:
        return Lines([Moment(row.requested_at), Quiet(f"by {row.requested_by}")])

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "identity", "role", "binding", "approval")

    def page(self, request: HttpRequest, obj: Elevation, scope: Scope) -> Page:
        at = timezone.now()
        phase = selectors.phase_of(obj, at)
        runs = countdown(obj.binding.valid_until, at) if phase is Phase.LIVE and obj.binding else None
        tabs = [Tab("facts", "Facts", lambda: _facts(obj, phase))]
        if scope.principal.reach(Duty.READ_AUDIT) not in (Reach.NONE, Reach.OWN):
            tabs.append(Tab("timeline", "Timeline", lambda: timeline(scope, str(obj.identity_id), obj.identity.name)))
        badges = [
            phase_badge(obj, at),
            Badge(f"{obj.identity.risk_tier} tier", tone_of(obj.identity.risk_tier)),
        ]
        lead = Lines([Quiet("for"), link_to(obj.identity)], row=True)
        title = f"Elevation: {obj.role.name}"
        return Page(title, tabs, badges, lead=lead, notices=[runs] if runs else [], follows=runs is not None)


def _facts(row: Elevation, phase: Phase) -> list[Block]:
    return [_steps(row, phase), Facts("What is asked for", asked_facts(row))]


def _steps(row: Elevation, phase: Phase) -> Steps:
    given, is_off = row.given_at is not None, phase in (Phase.REJECTED, Phase.CANCELLED)
    over = row.ended_at if phase is Phase.ENDED else row.binding.valid_until if row.binding else None
    asked = Lines([Moment(row.requested_at), Quiet(f"by {row.requested_by}")])
    return Steps(
        "How far it is",
        [
            Step("Asked", asked, is_done=True),
            Step(
                {Phase.REJECTED: "Rejected", Phase.CANCELLED: "Taken back"}.get(phase, "Given"),
                Moment(row.given_at or row.ended_at) if given or is_off else "waits for others",
                is_done=given or is_off,
                is_now=phase is Phase.ASKED,
                tone="bad" if phase is Phase.REJECTED else "",
            ),
            Step(
                "Over",
                Moment(over) if over and not is_off else "",
                is_done=phase in (Phase.OVER, Phase.ENDED),
                is_now=phase in (Phase.LIVE, Phase.COMING),
            ),
        ],
    )
