"""Subscriptions: who is told of which audit events. On top stands what Steward tells with nothing to set."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from identities.access.matrix import Duty, Reach
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Moment, Quiet, Source, Table
from identities.admin.press import Press
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.admin.subscription_forms import AUDIENCES, OwnForm, SubscriptionForm, facts_of
from identities.notifications import builtin, selectors, subscriptions, vocabulary
from identities.notifications.models import Audience, Subscription


def governs(scope: Scope) -> bool:
    """Whether this person sets subscriptions for others."""
    return scope.principal.reach(Duty.GOVERN) is not Reach.NONE


def _is_own_alone(scope: Scope, row: Subscription) -> bool:
    return not governs(scope) and subscriptions.is_own(row, scope.user.pk)


def _reaches(scope: Scope, row: Subscription) -> bool:
    return governs(scope) or subscriptions.is_own(row, scope.user.pk)


def _create(call: Call) -> Done:
    facts = facts_of(call.values)
    if "audience" not in facts:
        facts |= {"audience": Audience.PERSON.value, "person_id": call.scope.user.pk}
    made = subscriptions.create(tenant_id=call.tenant.pk, by=call.scope.user, actor=call.actor, **facts)
    return Done(f"{made} is set: told is what happens from now on.", obj=made)


def _change(call: Call) -> Done:
    subscriptions.change(call.obj, by=call.scope.user, actor=call.actor, **facts_of(call.changes))
    return Done("Saved.", obj=call.obj)


def _remove(call: Call) -> Done:
    subscriptions.remove(call.obj, by=call.scope.user, reason=call.values["reason"], actor=call.actor)
    return Done("The subscription is ended.", href=list_of(Subscription))


def known_words(obj: Any = None) -> list[Block]:
    """What may be named, to copy from."""
    return [Source("Events that may be named", "\n".join(vocabulary.known()))]


OWN = Command(
    key="add",
    label="Subscribe myself",
    run=_create,
    form=OwnForm,
    duty=Duty.REPORT,
    intro="You are told in your inbox, of identities you answer for.",
    notes=known_words,
)


@admin.register(Subscription, site=site)
class SubscriptionAdmin(CommandAdmin):
    """The subscriptions of a tenant; who governs nothing sees their own."""

    read_duty: ClassVar[Duty] = Duty.REPORT
    called: ClassVar[str] = "Subscriptions"
    list_display = ("name", "types_shown", "audience_shown", "channel_shown", "digest_shown", "state_shown")
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("name",)
    empty_list = Empty(
        "No subscriptions yet",
        "What Steward tells by itself is told already. Subscribe to anything else that the audit records.",
        icon="notifications",
    )
    creation: ClassVar[Command] = Command(
        key="add",
        label="New subscription",
        run=_create,
        form=SubscriptionForm,
        duty=Duty.REPORT,
        intro="Told is what happens from now on.",
        notes=known_words,
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            form=SubscriptionForm,
            initial=SubscriptionForm.initial_of,
            notes=known_words,
        ),
        Command(
            key="edit-own",
            label="Edit",
            icon="edit",
            run=_change,
            form=OwnForm,
            initial=OwnForm.initial_of,
            duty=Duty.REPORT,
            reaches=_is_own_alone,
            submit="Save",
            notes=known_words,
        ),
        Command(
            key="remove",
            label="End",
            icon="delete",
            danger=True,
            run=_remove,
            form=ReasonForm,
            duty=Duty.REPORT,
            reaches=_reaches,
            title="End subscription",
            confirm="Nobody is told by it any more. What waits to be sent is sent.",
        ),
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        only_of = None if governs(scope) else scope.user.pk
        return selectors.subscriptions(scope.tenant_ids(self.read_duty), only_of=only_of)

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "list_notices": [_built_in()]})

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Who governs nothing is asked only what concerns themselves."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return Press(self, request, self.creation if governs(scope_of(request)) else OWN).answer()

    @column("Events")
    def types_shown(self, row: Subscription) -> object:
        more = [Quiet(f"and {len(row.types) - 3} more")] if len(row.types) > 3 else []
        return Lines([*(Code(word) for word in row.types[:3]), *more])

    @column("Told to", order="audience")
    def audience_shown(self, row: Subscription) -> object:
        return row.person.email if row.person else AUDIENCES[Audience(row.audience)]

    @column("Channel", order="channel__name")
    def channel_shown(self, row: Subscription) -> object:
        return link_to(row.channel) if row.channel else Quiet("inbox")

    @column("Gathers", order="digest_minutes")
    def digest_shown(self, row: Subscription) -> object:
        return f"{row.digest_minutes} min" if row.digest_minutes else Quiet("no")

    @column("State", order="is_enabled")
    def state_shown(self, row: Subscription) -> object:
        return Badge("on", "good") if row.is_enabled else Badge("off", "quiet")

    def page(self, request: HttpRequest, obj: Subscription, scope: Scope) -> Page:
        tabs = [Tab("facts", "Facts", lambda: _facts(self, obj)), *timeline_tab(scope, obj)]
        badge = Badge("on", "good") if obj.is_enabled else Badge("off", "quiet")
        return Page(obj.name, tabs, [badge])


def _facts(page: SubscriptionAdmin, row: Subscription) -> list[Block]:
    facts = [
        Fact("Events", Lines([Code(word) for word in row.types]), wide=True),
        Fact("Risk tiers", ", ".join(row.tiers) or "all"),
        Fact("Environments", ", ".join(row.environments) or "all"),
        Fact("Told to", page.audience_shown(row)),
        Fact("Channel", page.channel_shown(row)),
        Fact("Gathers", page.digest_shown(row)),
        Fact("Made", Lines([Moment(row.created_at), Quiet(f"by {row.created_by}")])),
    ]
    return [Facts("Subscription", facts)]


def _built_in() -> Table:
    rows = [
        [
            rule.name,
            Lines([Code(word) for word in rule.types]),
            ", ".join(AUDIENCES[audience] for audience in (rule.audience, *rule.also)),
        ]
        for rule in builtin.ALL
    ]
    text = (
        "Once a day for each identity, the rest of the day counted. Where nobody answers for it, the ADMINs are told."
    )
    return Table("Told by Steward itself", ["What", "Events", "Told to"], rows, Empty(""), text)
