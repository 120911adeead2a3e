"""The register: every non-human identity, its page with its tabs, and the commands on it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import GreaterThan
from django.http import HttpRequest
from django.utils import timezone

from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import DayRange, WordFilter, by_choice, by_row
from identities.admin.history import timeline_tab
from identities.admin.identity_commands import BUTTONS, CREATION
from identities.admin.pages import Page, Tab
from identities.admin.parts import Badge, Block, Empty, Lines, Moment, Notice, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.tabs.base import tabs_for
from identities.admin.wording import span, tone_of, words
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import alive
from identities.inventory import selectors as inventory
from identities.inventory.models import Environment, Kind, ManagedIdentity, RiskTier
from identities.inventory.states import State
from identities.people.models import Team, User

DORMANT_DAYS = 90
UNOWNED = Q(business_owner=None, technical_owner=None)


class OwnerFilter(by_row("owner", "Owner", User, "", is_agent=False)):  # type: ignore[misc]
    """By a person who is business, technical or deputy owner, or by nobody."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nobody", "Nobody"), *super().lookups(request, model_admin)]

    def where(self, value: str) -> Q:
        if value == "nobody":
            return UNOWNED
        return Q(business_owner_id=value) | Q(technical_owner_id=value) | Q(deputy_owner_id=value)


class UseFilter(WordFilter):
    """By how long ago it was used."""

    title = "Use"
    parameter_name = "use"
    words = (("never", "Never used"), ("day", "In the last day"), ("dormant", f"Dormant: not for {DORMANT_DAYS} days"))

    def where(self, value: str) -> Q:
        now = timezone.now()
        if value == "never":
            return inventory.NEVER_USED
        if value == "day":
            return Q(last_used_at__gte=now - timedelta(days=1))
        return inventory.unused_since(now - timedelta(days=DORMANT_DAYS))


class RotationFilter(WordFilter):
    """By the age of its secrets."""

    title = "Secrets"
    parameter_name = "rotation"
    words = (("overdue", "Rotation overdue"), ("none", "No live secret"), ("several", "Several live secrets"))

    def where(self, value: str) -> Q:
        now = timezone.now()
        live = ClientSecret.objects.filter(alive(now), identity=OuterRef("pk"))
        if value == "overdue":
            return Q(Exists(live.filter(rotate_by__lt=now)))
        if value == "none":
            return ~Q(Exists(live))
        counted = live.order_by().values("identity").annotate(n=Count("pk")).values("n")
        return Q(GreaterThan(Subquery(counted), 1))


@admin.register(ManagedIdentity, site=site)
class IdentityAdmin(CommandAdmin):
    """The identities of a tenant. Retired ones are shown only when asked for by state."""

    called: ClassVar[str] = "Identities"
    list_display = ("name_and_kind", "where", "state_shown", "owner", "used", "secret_age", "risk")
    list_filter = (
        by_choice("environment", "Environment", Environment.choices),
        by_choice("state", "State", [(state.value, words(state.value)) for state in State]),
        by_choice("kind", "Kind", [(kind.value, words(kind.value)) for kind in Kind]),
        OwnerFilter,
        by_row("team", "Owning team", Team, "owner_team_id"),
        by_choice("risk", "Risk tier", RiskTier.choices, path="risk_tier"),
        UseFilter,
        RotationFilter,
        ("last_used_at", DayRange),
    )
    search_fields = (
        "name",
        "client_id",
        "purpose",
        "application",
        "ticket",
        "business_owner_label",
        "technical_owner_label",
    )
    search_help_text = "Name, client id, purpose, owner, ticket"
    ordering = ("name", "pk")
    list_select_related = ("owner_team",)
    empty_list = Empty(
        "No identities yet",
        "Enter every bot, job, key and agent that acts by itself: who it is, who answers for it, what it is for.",
        icon="smart_toy",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        live = ClientSecret.objects.filter(alive(timezone.now()), identity=OuterRef("pk")).order_by()
        of_identity = live.values("identity")
        rows = super().get_queryset(request)
        if "state" not in request.GET:
            rows = rows.exclude(state=State.RETIRED)
        counted: QuerySet[Any] = rows.annotate(
            oldest_secret=Subquery(of_identity.annotate(at=Min("created_at")).values("at")),
            rotate_first=Subquery(of_identity.annotate(at=Min("rotate_by")).values("at")),
            newest_secret=Subquery(of_identity.annotate(at=Max("created_at")).values("at")),
        )
        return counted

    @column("Identity", order="name")
    def name_and_kind(self, identity: ManagedIdentity) -> object:
        return Lines([identity.name, Quiet(words(identity.kind))])

    @column("Environment", order="environment")
    def where(self, identity: ManagedIdentity) -> object:
        return Badge(identity.environment, tone_of(identity.environment))

    @column("State", order="state")
    def state_shown(self, identity: ManagedIdentity) -> object:
        return Badge(identity.state, tone_of(identity.state), identity.state_reason)

    @column("Owner", order="business_owner_label")
    def owner(self, identity: ManagedIdentity) -> object:
        return owner_of(identity)

    @column("Last used", order="last_used_at")
    def used(self, identity: ManagedIdentity) -> object:
        return Moment(identity.last_used_at)

    @column("Secrets' age", order="oldest_secret")
    def secret_age(self, identity: Any) -> object:
        return secret_age(identity.oldest_secret, identity.rotate_first, timezone.now())

    @column("Risk", order="risk_tier")
    def risk(self, identity: ManagedIdentity) -> object:
        return Badge(identity.risk_tier, tone_of(identity.risk_tier))

    def page(self, request: HttpRequest, obj: ManagedIdentity, scope: Scope) -> Page:
        tabs = tabs_for(obj, scope)
        shown = [Tab(tab.kind, tab.label, tab.blocks) for tab in tabs]
        badges = [
            Badge(obj.state, tone_of(obj.state)),
            Badge(obj.environment, tone_of(obj.environment)),
            Badge(words(obj.kind)),
            Badge(f"{obj.risk_tier} risk", tone_of(obj.risk_tier)),
        ]
        notices = [*state_notices(obj), *(notice for tab in tabs for notice in tab.notices())]
        return Page(obj.name, [*shown, *timeline_tab(scope, obj)], badges, lead=obj.purpose, notices=notices)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "business_owner", "technical_owner", "deputy_owner", "owner_team")


def owner_of(identity: ManagedIdentity) -> object:
    """Who answers for it, in a cell."""
    label = identity.business_owner_label if identity.business_owner_id else ""
    label = label or (identity.technical_owner_label if identity.technical_owner_id else "")
    if label:
        return label
    named = identity.business_owner_label or identity.technical_owner_label
    badge = Badge("no owner", "warn", "Nobody answers for it")
    team = (
        Quiet(str(identity.owner_team)) if identity.owner_team_id else Quiet(f"{named} (not matched)") if named else ""
    )
    return Lines([badge, team]) if team else badge


def secret_age(oldest: datetime | None, rotate_first: datetime | None, now: datetime) -> object:
    """How old its oldest live secret is, and whether it should have been rotated."""
    if oldest is None or rotate_first is None:
        return Quiet("no secret")
    age = span(now - oldest)
    return Lines([age, Badge("rotation overdue", "warn")]) if rotate_first < now else age


def state_notices(identity: ManagedIdentity) -> list[Block]:
    """What must be known about an identity that cannot work."""
    if identity.is_enabled:
        return []
    meaning = {
        "disabled": "It gets no token, its tokens are dead, and its runs are refused.",
        "paused": "It rests by plan. It gets no token until it is resumed.",
        "quarantined": "It was stopped in an incident. It gets no token until it is released.",
        "retired": "It has ended for good. The row stays as evidence.",
    }.get(identity.state, "It cannot work yet.")
    changed = Moment(identity.state_changed_at)
    text = Lines([meaning, Lines([Quiet("Since"), changed, Quiet(identity.state_reason)], row=True)])
    return [
        Notice(f"This identity is {identity.state}.", text, "warn" if identity.state != "retired" else "quiet", "block")
    ]
