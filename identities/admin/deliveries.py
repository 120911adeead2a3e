"""Deliveries: what was sent to channels, what waits, and, first of all, what was given up."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.models import AuditEvent
from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.channels import STATES
from identities.admin.columns import column
from identities.admin.commands import Command, button
from identities.admin.filters import by_choice, by_row
from identities.admin.forms import CommandForm
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Moment, Notice, Quiet, Table
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.notifications import selectors, sending
from identities.notifications.models import RANK, Channel, Delivery, DeliveryState

WORDS = {DeliveryState.WAITING: "waiting", DeliveryState.SENT: "sent", DeliveryState.DEAD: "given up"}


@admin.register(Delivery, site=site)
class DeliveryAdmin(CommandAdmin):
    """The deliveries of a tenant, dead letters first."""

    read_duty: ClassVar[Duty] = Duty.GOVERN
    called: ClassVar[str] = "Deliveries"
    list_display = ("subject", "state_shown", "channel_shown", "tries_shown", "made_shown")
    list_filter = (
        by_choice("state", "State", [(state.value, WORDS[state].capitalize()) for state in DeliveryState]),
        by_row("channel", "Channel", Channel, "channel_id"),
    )
    search_fields = ("subject",)
    search_help_text = "Subject"
    empty_list = Empty(
        "Nothing was sent yet",
        "What a subscription sends to a channel is listed here; what could not be delivered stands first.",
        icon="outgoing_mail",
    )
    buttons: ClassVar[Sequence[Command]] = (
        button(
            sending.resend,
            key="resend",
            label="Send again",
            icon="send",
            primary=True,
            fields=CommandForm,
            done="It is tried from the start.",
            applies=lambda row: row.state == DeliveryState.DEAD,
            intro="It keeps its id: a receiver that took it before can tell.",
        ),
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return selectors.deliveries(scope.tenant_ids(self.read_duty))

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        return (RANK, "-created_at", "pk")

    @column("State", order="state")
    def state_shown(self, row: Delivery) -> object:
        state = DeliveryState(row.state)
        return Badge(WORDS[state], STATES[state], row.problem)

    @column("Channel", order="channel__name")
    def channel_shown(self, row: Delivery) -> object:
        return link_to(row.channel)

    @column("Tries", order="tries")
    def tries_shown(self, row: Delivery) -> object:
        if row.state != DeliveryState.WAITING or not row.tries:
            return row.tries
        return Lines([row.tries, Lines([Quiet("again"), Moment(row.send_at)], row=True)])

    @column("Made", order="created_at")
    def made_shown(self, row: Delivery) -> object:
        return Moment(row.created_at)

    def page(self, request: HttpRequest, obj: Delivery, scope: Scope) -> Page:
        tabs = [Tab("facts", "Facts", lambda: _facts(self, obj)), *timeline_tab(scope, obj)]
        state = DeliveryState(obj.state)
        given_up = Notice("It was given up.", obj.problem, "bad", "unsubscribe")
        notices = [given_up] if state is DeliveryState.DEAD else []
        return Page(obj.subject, tabs, [Badge(WORDS[state], STATES[state])], notices=notices)


def _facts(page: DeliveryAdmin, row: Delivery) -> list[Block]:
    facts = [
        Fact("Channel", link_to(row.channel)),
        Fact("Subscription", link_to(row.subscription) if row.subscription else ""),
        Fact("Tries", page.tries_shown(row)),
        Fact("Last problem", row.problem),
        Fact("Made", Moment(row.created_at)),
        Fact("Sent", Moment(row.sent_at) if row.sent_at else ""),
    ]
    events = AuditEvent.objects.filter(uuid__in=row.events, tenant_id=row.tenant_id).order_by("id")[:200]
    told = [[Moment(event.recorded_at), link_to(event, event.type), event.subject_label] for event in events]
    empty = Empty("It names no event", "")
    return [Facts("Delivery", facts), Table("Events in it", ["When", "What", "Of"], told, empty)]
