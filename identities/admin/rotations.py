"""Rotations: which secrets are being replaced, how far each has come, and who still uses the old one."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice, by_row
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Moment, Quiet
from identities.admin.rotation_commands import BUTTONS
from identities.admin.rotation_rows import OUTCOMES, pair, state_badge, steps_of, whose
from identities.admin.rotation_use import use_of
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import tone_of, words
from identities.credentials.models import Delivery, Rotation
from identities.inventory.vocabulary import Environment, RiskTier
from identities.people.models import Team

PAIR = ("old__identity", "new__identity", "old_key__identity", "new_key__identity")


class StandingFilter(WordFilter):
    """Whether it goes on, and what is wrong with it."""

    title = "State"
    parameter_name = "state"
    words = (
        ("open", "Open"),
        ("overdue", "Open, past the deadline"),
        ("undelivered", "Open, not delivered"),
        ("retired", "Old one retired"),
        ("rolled_back", "Rolled back"),
    )

    def where(self, value: str) -> Q:
        is_open = Q(ended_at=None)
        return {
            "open": is_open,
            "overdue": is_open & Q(cutover_deadline__lte=timezone.now()),
            "undelivered": is_open & ~Q(delivery_problem=""),
        }.get(value, Q(state=value))


@admin.register(Rotation, site=site)
class RotationAdmin(CommandAdmin):
    """The rotations of a tenant, those that go on first."""

    called: ClassVar[str] = "Rotations"
    tenant_path = "identity__tenant_id"
    list_display = ("identity_shown", "pair_shown", "state_shown", "delivery_shown", "deadline_shown", "started_shown")
    list_display_links = ("pair_shown",)
    list_filter = (
        StandingFilter,
        by_choice("delivery", "Delivery", Delivery.choices),
        by_choice("environment", "Environment", Environment.choices, "identity__environment"),
        by_choice("tier", "Risk tier", RiskTier.choices, "identity__risk_tier"),
        by_row("team", "Owning team", Team, "identity__owner_team_id"),
    )
    search_fields = ("identity__name", "identity__client_id")
    search_help_text = "Identity, client id"
    #: One database sorts what is empty first, another last.
    ordering = (F("ended_at").desc(nulls_first=True), "-started_at", "pk")
    list_select_related = ("identity", "old", "new", "old_key", "new_key")
    empty_list = Empty(
        "Nothing is being rotated",
        "A rotation begins when a secret is replaced: both work for a while, and the old one is retired by itself once "
        "nobody uses it any more.",
        icon="autorenew",
    )
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def tenant_of(self, obj: Rotation) -> Any:
        return obj.identity.tenant

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("identity__tenant", "identity__owner_team", *PAIR)

    @column("Identity", order="identity__name")
    def identity_shown(self, rotation: Rotation) -> object:
        environment = rotation.identity.environment
        return Lines([whose(rotation), Badge(environment, tone_of(environment)) if environment else ""])

    @column("Secret")
    def pair_shown(self, rotation: Rotation) -> object:
        return pair(rotation)

    @column("State", order="state")
    def state_shown(self, rotation: Rotation) -> object:
        return state_badge(rotation, timezone.now())

    @column("Delivery", order="delivery")
    def delivery_shown(self, rotation: Rotation) -> object:
        return {"shown": "shown once", "vault": "into the vault", "brought": "brought by the client"}[rotation.delivery]

    @column("Overlap ends", order="cutover_deadline")
    def deadline_shown(self, rotation: Rotation) -> object:
        return Moment(rotation.ended_at or rotation.cutover_deadline)

    @column("Begun", order="started_at")
    def started_shown(self, rotation: Rotation) -> object:
        return Lines([Moment(rotation.started_at), Quiet(f"by {rotation.started_by}")])

    def page(self, request: HttpRequest, obj: Rotation, scope: Scope) -> Page:
        at = timezone.now()
        tabs = [Tab("rotation", "Rotation", lambda: self._blocks(obj)), *timeline_tab(scope, obj)]
        badges = [state_badge(obj, at), Badge(f"{obj.identity.risk_tier} tier", tone_of(obj.identity.risk_tier))]
        if obj.identity.brittle:
            badges.append(Badge("brittle", "warn", obj.identity.brittle_reason))
        lead = Lines([whose(obj), pair(obj)], row=True)
        return Page(f"Rotation of {obj.identity.name}", tabs, badges, lead=lead, follows=obj.ended_at is None)

    def _blocks(self, rotation: Rotation) -> list[Block]:
        return [steps_of(rotation), *use_of(rotation, at=timezone.now()), self._facts(rotation)]

    def _facts(self, rotation: Rotation) -> Facts:
        place = rotation.store_at or {}
        facts = [
            Fact("Why", rotation.reason),
            Fact("Begun", Moment(rotation.started_at, exact=True), f"by {rotation.started_by}"),
            Fact("Overlap ends", Moment(rotation.cutover_deadline, exact=True), "At the latest, by the risk tier."),
            Fact(
                "Warned", Moment(rotation.warned_at) if rotation.warned_at else "", "Owner and team, of the deadline."
            ),
            Fact("After that", "" if rotation.ended_at else OUTCOMES[rotation.after_deadline]),
            Fact("Delivery", self.delivery_shown(rotation)),
            Fact("Place", place.get("secretName", ""), str(place.get("vaultUri", ""))),
            Fact("Version", rotation.delivery_version),
            Fact("Delivery problem", words(rotation.delivery_problem), rotation.delivery_reason),
            Fact("Tries", rotation.delivery_tries or ""),
            Fact("Ended", Moment(rotation.ended_at) if rotation.ended_at else "", rotation.ended_reason),
        ]
        return Facts("What is known", [fact for fact in facts if fact.value])
