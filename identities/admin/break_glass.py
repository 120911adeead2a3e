"""Break-glass: emergency access that lies ready; the page of one tells its story from the asking to the review."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.access.matrix import Duty, Reach
from identities.admin.base import CommandAdmin
from identities.admin.break_glass_commands import BUTTONS, CREATION
from identities.admin.break_glass_rows import aftermath_block, asked, notices, steps
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.elevation_rows import state_badge
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import timeline
from identities.admin.pages import Page, Tab, link_to
from identities.admin.parts import Badge, Empty, Facts, Lines, Moment, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import tone_of
from identities.elevations import selectors
from identities.elevations.models import BreakGlassGrant, BreakGlassState
from identities.inventory.vocabulary import RiskTier


class StateFilter(WordFilter):
    """Where it stands."""

    title = "State"
    parameter_name = "state"
    words = (
        ("used", "In use"),
        ("review", "Waits for review"),
        ("armed", "Armed"),
        ("ending", "Armed, ends within two weeks"),
        ("asked", "Waits for approval"),
        ("closed", "Reviewed"),
        ("expired", "Expired unused"),
        ("rejected", "Rejected"),
        ("cancelled", "Taken back"),
    )

    def where(self, value: str) -> Q:
        at = timezone.now()
        return selectors.arms_end_soon(at) if value == "ending" else selectors.in_state(value, at)


@admin.register(BreakGlassGrant, site=site)
class BreakGlassAdmin(CommandAdmin):
    """The break-glass grants of a tenant."""

    called: ClassVar[str] = "Break-glass"
    list_display = ("role_shown", "identity_shown", "state_shown", "until_shown", "owner_shown")
    list_display_links = ("role_shown",)
    list_filter = (StateFilter, by_choice("tier", "Risk tier", RiskTier.choices, "identity__risk_tier"))
    list_select_related = ("identity", "role", "binding")
    search_fields = ("identity__name", "identity__client_id", "role__name", "justification", "owner_label", "used_by")
    search_help_text = "Identity, role, reason, who may use it, who did"
    ordering = ("-requested_at", "pk")
    empty_list = Empty(
        "Nothing lies ready for an emergency",
        "Two people approve beforehand what one may do when there is no time: one role, one use, some minutes. "
        "It is told to everybody, and reviewed the next day.",
        icon="e911_emergency",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    @column("Role", order="role__name")
    def role_shown(self, row: BreakGlassGrant) -> object:
        return row.role.name

    @column("Identity", order="identity__name")
    def identity_shown(self, row: BreakGlassGrant) -> object:
        return Lines([link_to(row.identity), Quiet(row.justification[:80])])

    @column("State")
    def state_shown(self, row: BreakGlassGrant) -> object:
        return state_badge(row, timezone.now())

    @column("Ready until", order="valid_until")
    def until_shown(self, row: BreakGlassGrant) -> object:
        return Moment(row.valid_until)

    @column("Who may use it", order="owner_label")
    def owner_shown(self, row: BreakGlassGrant) -> object:
        used = Lines([Quiet("used"), Moment(row.used_at)], row=True) if row.used_at else Quiet("not used yet")
        by = [Quiet(f"by {row.used_by}")] if row.used_at and row.used_by != row.owner_label else []
        return Lines([row.owner_label, used, *by])

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        owners = ("identity__technical_owner", "identity__business_owner", "identity__deputy_owner")
        return queryset.select_related(
            "tenant", "identity", "identity__owner_team", "role", "binding", "approval", "owner", *owners
        )

    def page(self, request: HttpRequest, obj: BreakGlassGrant, scope: Scope) -> Page:
        at = timezone.now()
        tabs = [
            Tab("facts", "Facts", lambda: [steps(obj), *aftermath_block(obj), Facts("What was asked for", asked(obj))])
        ]
        if scope.principal.reach(Duty.READ_AUDIT) not in (Reach.NONE, Reach.OWN):
            tabs.append(Tab("timeline", "Timeline", lambda: timeline(scope, str(obj.identity_id), obj.identity.name)))
        badges = [state_badge(obj, at), Badge(f"{obj.identity.risk_tier} tier", tone_of(obj.identity.risk_tier))]
        lead = Lines([Quiet("for"), link_to(obj.identity)], row=True)
        said = notices(obj)
        runs = selectors.state_of(obj, at) is BreakGlassState.USED
        return Page(f"Break-glass: {obj.role.name}", tabs, badges, lead=lead, notices=said, follows=runs)
