"""Replacements: service users that give way to managed identities, and how far each is."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to, page_of
from identities.admin.parts import Badge, Block, Empty, Lines, Link, Moment, Notice, Quiet
from identities.admin.replacement_commands import BUTTONS
from identities.admin.replacement_rows import (
    account_link,
    facts_of,
    is_late,
    not_covered_table,
    refused_table,
    state_badge,
    steps_of,
    use_chart,
)
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import WARN
from identities.service_users.following import standing_of
from identities.service_users.models import Replacement, ReplacementState


class LateFilter(WordFilter):
    """Whether it takes longer than was thought."""

    title = "Overdue"
    parameter_name = "late"
    words = (("yes", "Overdue"), ("no", "In time"))

    def where(self, value: str) -> Q:
        late = Q(state=ReplacementState.BOTH_ALIVE, overdue_at__lte=timezone.now())
        return late if value == "yes" else ~late


@admin.register(Replacement, site=site)
class ReplacementAdmin(CommandAdmin):
    """The replacements of a tenant; begun on the page of a service user."""

    called: ClassVar[str] = "Replacements"
    read_duty: ClassVar[Duty] = Duty.GOVERN
    list_display = ("account_shown", "identity_shown", "state_shown", "used_shown", "begun_shown", "overdue_shown")
    list_display_links = ("state_shown",)
    list_filter = (by_choice("state", "State", ReplacementState.choices), LateFilter)
    list_select_related = ("account", "identity")
    search_fields = ("account__email", "identity__name")
    search_help_text = "Service user or identity"
    ordering = ("-begun_at", "id")
    empty_list = Empty(
        "No service user is being replaced",
        "On the page of a service user, “Migrate to a managed identity” plans the least role and begins.",
        icon="move_up",
    )
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    @column("Service user", order="account__email")
    def account_shown(self, row: Replacement) -> object:
        return account_link(row)

    @column("Managed identity", order="identity__name")
    def identity_shown(self, row: Replacement) -> object:
        return link_to(row.identity)

    @column("State", order="state")
    def state_shown(self, row: Replacement) -> object:
        late = [Badge("overdue", WARN)] if is_late(row, timezone.now()) else []
        return Lines([state_badge(row), *late], row=True)

    @column("Identity used", order="identity__last_used_at")
    def used_shown(self, row: Replacement) -> object:
        return Moment(row.identity.last_used_at, "not yet")

    @column("Begun", order="begun_at")
    def begun_shown(self, row: Replacement) -> object:
        return Lines([Moment(row.begun_at), Quiet(f"by {row.begun_by}")])

    @column("Overdue or ended", order="overdue_at")
    def overdue_shown(self, row: Replacement) -> object:
        return Moment(row.ended_at or row.overdue_at)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "account", "identity", "role")

    def page(self, request: HttpRequest, obj: Replacement, scope: Scope) -> Page:
        at = timezone.now()
        tabs = [
            Tab("way", "Way", lambda: way_blocks(obj)),
            Tab("agreed", "Agreed", lambda: [facts_of(obj), not_covered_table(obj)]),
            *timeline_tab(scope, obj.account, str(obj.account_id)),
        ]
        badges = [state_badge(obj), *([Badge("overdue", WARN)] if is_late(obj, at) else [])]
        lead = Lines([account_link(obj), Quiet("becomes"), link_to(obj.identity)], row=True)
        return Page(f"Replacement of {obj.account.email}", tabs, badges, lead=lead, notices=waiting_notices(obj))


def way_blocks(row: Replacement) -> list[Block]:
    """How far it is, what the identity lacked, and the use of both."""
    at = timezone.now()
    return [steps_of(row, at), *refused_table(row), use_chart(row, at)]


def waiting_notices(row: Replacement) -> list[Block]:
    """What it waits for."""
    if row.state != ReplacementState.BOTH_ALIVE:
        return []
    at = timezone.now()
    if is_late(row, at):
        title = "It takes longer than was thought. Nothing is switched off by that."
        return [Notice(title, standing_of(row, at), WARN, "schedule")]
    return [Notice("Both are alive.", standing_of(row, at), "info", "sync_alt")]


def way_out_tabs(user: Any, scope: Scope) -> list[Tab]:
    """The tab of a service user's page, where a replacement was begun: also whoever answers for it looks on."""
    if not getattr(user, "replacement_state", ""):
        return []
    may_govern = scope.may(Duty.GOVERN, user.tenant_id)
    return [Tab("way-out", "Way out", lambda: _way_out(user, may_govern=may_govern))]


def _way_out(user: Any, *, may_govern: bool) -> list[Block]:
    rows = Replacement.objects.filter(account_id=user.pk).select_related("account", "identity", "role")
    last = rows.first()
    if last is None:
        return []
    others = rows.count() - 1
    text = Lines([link_to(last.identity), state_badge(last)], row=True)
    more = [Quiet(f"and {others} begun before")] if others else []
    way = Link("All about it", page_of(last)) if may_govern else None
    notice = Notice("The managed identity that takes its place", Lines([text, *more]), "info", "move_up", way)
    return [notice, *waiting_notices(last), *way_blocks(last)]
