"""Channels: where messages about audit events go."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.channel_forms import ChannelForm, split
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, Shown
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.listing import how_many
from identities.admin.pages import Page, Tab, link_to, list_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.notifications import channels
from identities.notifications.models import Channel, Delivery, DeliveryState
from identities.notifications.sinks.register import installed, sink_class
from identities.vaults.secret_text import SecretText

INTRO = "The receiver checks with it that a message comes from here. It is never shown again."
STATES = {DeliveryState.WAITING: "info", DeliveryState.SENT: "good", DeliveryState.DEAD: "bad"}


def _shown(secret: SecretText) -> Shown:
    return Shown("Signing secret", "Secret", secret.reveal(), INTRO)


def _create(call: Call) -> Done:
    kind = call.values["kind"]
    settings, secret = split(kind, call.values)
    channel, made = channels.create(
        tenant_id=call.tenant.pk,
        name=call.values["name"],
        kind=kind,
        settings=settings,
        secret=secret,
        actor=call.actor,
    )
    return Done(f"{channel} is made. Send a test now.", obj=channel, shown=_shown(made) if made else None)


def _change(call: Call) -> Done:
    settings, secret = split(call.obj.kind, call.values)
    channels.change(call.obj, name=call.values["name"], settings=settings, secret=secret, actor=call.actor)
    return Done("Saved.", obj=call.obj)


def _test(call: Call) -> Done:
    channels.test(call.obj, actor=call.actor)
    return Done("The test was taken by the other side.", obj=call.obj)


def _rotate(call: Call) -> Done:
    channel, secret = channels.rotate_secret(call.obj, actor=call.actor)
    return Done("For a day both secrets sign.", obj=channel, shown=_shown(secret))


def _switch(call: Call) -> Done:
    changed = channels.change(call.obj, is_enabled=not call.obj.is_enabled, actor=call.actor)
    return Done("It is on." if changed.is_enabled else "It is off. What waits is kept.", obj=call.obj)


def _remove(call: Call) -> Done:
    channels.remove(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("The channel is forgotten.", href=list_of(Channel))


@admin.register(Channel, site=site)
class ChannelAdmin(CommandAdmin):
    """The channels of a tenant."""

    read_duty: ClassVar[Duty] = Duty.GOVERN
    called: ClassVar[str] = "Channels"
    list_display = ("name", "kind_shown", "state_shown", "queue_shown", "last_shown")
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("name",)
    empty_list = Empty(
        "No channels yet",
        "A webhook, a chat or a mailbox that is told what happens. People are told in their inbox without one.",
        icon="campaign",
    )
    creation: ClassVar[Command] = Command(
        key="add",
        label="New channel",
        run=_create,
        form=ChannelForm,
        intro="Nothing is sent before a subscription names it. No message holds a secret.",
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="test",
            label="Send a test",
            icon="send",
            primary=True,
            run=_test,
            form=CommandForm,
            intro="One message that says it is a test, now. Where it does not arrive, you see why.",
        ),
        Command(key="edit", label="Edit", icon="edit", run=_change, form=ChannelForm, initial=ChannelForm.initial_of),
        Command(
            key="rotate-secret",
            label="New secret",
            icon="key",
            run=_rotate,
            form=CommandForm,
            applies=lambda channel: sink_class(channel.kind).makes_secret,
            title="Make a new signing secret",
            intro="It is shown once. For a day messages are signed with both, so that the receiver can be changed.",
        ),
        Command(
            key="switch-off",
            label="Turn off",
            icon="notifications_off",
            run=_switch,
            form=CommandForm,
            applies=lambda channel: channel.is_enabled,
            intro="What waits is kept; what happens meanwhile is not sent here.",
        ),
        Command(
            key="switch-on",
            label="Turn on",
            icon="notifications_active",
            run=_switch,
            form=CommandForm,
            applies=lambda channel: not channel.is_enabled,
        ),
        Command(
            key="remove",
            label="Forget",
            icon="delete",
            danger=True,
            run=_remove,
            form=ReasonForm,
            title="Forget channel",
            confirm="What still waits to be sent there is dropped.",
        ),
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        counts = {
            "dead": how_many(Delivery.objects.filter(state=DeliveryState.DEAD), "channel"),
            "queued": how_many(Delivery.objects.filter(state=DeliveryState.WAITING), "channel"),
        }
        rows: QuerySet[Any] = super().rows(queryset, scope).annotate(**counts)
        return rows

    @column("Kind", order="kind")
    def kind_shown(self, channel: Channel) -> object:
        sink = installed().get(channel.kind)
        return sink.label if sink else channel.kind

    @column("State", order="is_enabled")
    def state_shown(self, channel: Channel) -> object:
        return _state(channel)

    @column("Deliveries")
    def queue_shown(self, channel: Any) -> object:
        dead = [Link(f"{channel.dead} given up", list_of(Delivery, channel=str(channel.pk), state="dead"))]
        waiting = [f"{channel.queued} waiting"] if channel.queued else []
        return Lines([*(dead if channel.dead else []), *waiting]) if channel.dead or waiting else Quiet("none waits")

    @column("Last sent", order="last_sent_at")
    def last_shown(self, channel: Channel) -> object:
        return Moment(channel.last_sent_at) if channel.last_sent_at else Quiet("never")

    def page(self, request: HttpRequest, obj: Channel, scope: Scope) -> Page:
        tabs = [Tab("facts", "Facts", lambda: _facts(self, obj)), *timeline_tab(scope, obj)]
        failing = Notice("The last message did not arrive.", obj.last_problem, "bad", "error")
        return Page(obj.name, tabs, [_state(obj)], notices=[failing] if obj.last_problem else [])


def _state(channel: Channel) -> Badge:
    if not channel.is_enabled:
        return Badge("off", "quiet")
    return Badge("failing", "bad", channel.last_problem) if channel.last_problem else Badge("on", "good")


def _facts(page: ChannelAdmin, channel: Channel) -> list[Block]:
    facts = [
        Fact("Kind", page.kind_shown(channel)),
        *(Fact(name.capitalize(), str(value)) for name, value in channel.settings.items()),
        Fact("Secret", Badge("kept encrypted", "good") if channel.secret_box else "", "Never shown."),
        Fact("Last sent", page.last_shown(channel)),
        Fact("Made", Lines([Moment(channel.created_at), Quiet(f"by {channel.created_by}")])),
    ]
    return [Facts("Channel", facts), _subscribed(channel), _latest(channel)]


def _subscribed(channel: Channel) -> Table:
    rows = [[link_to(row), ", ".join(row.types[:5])] for row in channel.subscriptions.all()[:50]]
    empty = Empty("Nothing is sent here", "Make a subscription that names this channel.")
    return Table("Subscriptions", ["Name", "Events"], rows, empty)


def _latest(channel: Channel) -> Table:
    found = channel.deliveries.order_by("-created_at")[:20]
    rows = [[Moment(row.created_at), link_to(row), Badge(row.state, STATES[DeliveryState(row.state)])] for row in found]
    more = Link("All of them", list_of(Delivery, channel=str(channel.pk)))
    return Table("Latest deliveries", ["Made", "What", "State"], rows, Empty("Nothing was sent yet"), more=more)
