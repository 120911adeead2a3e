"""Exceptions from the policy: who may deviate in what respect, why, and until when."""

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
from identities.admin.exception_commands import BUTTONS, CREATION, SAID
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import timeline
from identities.admin.pages import Page, Tab, address_of, link_to
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Quiet, Step, Steps
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, PolicyException


class StateFilter(WordFilter):
    """Where it stands."""

    title = "State"
    parameter_name = "state"
    words = (("live", "In force"), ("ending", "Ends within two weeks"), ("over", "Over"))

    def where(self, value: str) -> Q:
        return exceptions.in_state(value, timezone.now())


@admin.register(PolicyException, site=site)
class ExceptionAdmin(CommandAdmin):
    """The exceptions of a tenant."""

    called: ClassVar[str] = "Exceptions"
    tenant_path = "identity__tenant_id"
    list_display = ("kind_shown", "identity_shown", "state_shown", "ends_shown", "owner_shown", "granted_shown")
    list_display_links = ("kind_shown",)
    list_filter = (StateFilter, by_choice("kind", "What is allowed", list(SAID.items())))
    list_select_related = ("identity",)
    search_fields = ("identity__name", "identity__client_id", "reason", "owner_label", "ticket")
    search_help_text = "Identity, reason, owner, ticket"
    ordering = ("-granted_at", "pk")
    empty_list = Empty(
        "No exception",
        "The policy counts for every identity as it stands. An exception is narrow, has a reason, a name and an end.",
        icon="rule",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    @column("What is allowed", order="kind")
    def kind_shown(self, row: PolicyException) -> object:
        return SAID.get(row.kind, row.get_kind_display())

    @column("Identity", order="identity__name")
    def identity_shown(self, row: PolicyException) -> object:
        return Lines([link_to(row.identity), Quiet(row.reason[:80])])

    @column("State")
    def state_shown(self, row: PolicyException) -> object:
        return state_badge(row)

    @column("Ends", order="expires_at")
    def ends_shown(self, row: PolicyException) -> object:
        return Moment(row.ended_at or row.expires_at)

    @column("Answers for it", order="owner_label")
    def owner_shown(self, row: PolicyException) -> object:
        return row.owner_label or Quiet("nobody named")

    @column("Granted", order="granted_at")
    def granted_shown(self, row: PolicyException) -> object:
        return Lines([Moment(row.granted_at), Quiet(f"by {row.granted_by}")])

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("identity__tenant")

    def tenant_of(self, obj: PolicyException) -> Any:
        return obj.identity.tenant

    def page(self, request: HttpRequest, obj: PolicyException, scope: Scope) -> Page:
        tabs = [Tab("facts", "Facts", lambda: _facts(obj))]
        if scope.principal.reach(Duty.READ_AUDIT) not in (Reach.NONE, Reach.OWN):
            tabs.append(Tab("timeline", "Timeline", lambda: timeline(scope, str(obj.identity_id), obj.identity.name)))
        lead = Lines([Quiet("for"), link_to(obj.identity)], row=True)
        return Page(f"Exception: {SAID[ExceptionKind(obj.kind)]}", tabs, [state_badge(obj)], lead=lead)


def state_badge(row: PolicyException) -> Badge:
    """Whether it holds now, by its dates."""
    return Badge("in force", "warn") if exceptions.is_live(row, timezone.now()) else Badge("over", "quiet")


def _facts(row: PolicyException) -> list[Block]:
    live = exceptions.is_live(row, timezone.now())
    renewal = row.renewals.first()
    facts = [
        Fact("Identity", link_to(row.identity)),
        Fact("Answers for it", row.owner_label),
        Fact("Ticket", row.ticket),
        Fact("Renews", Link("The one before", address_of(PolicyException, row.renews_id)) if row.renews_id else ""),
        Fact("Renewed by", Link("The next one", address_of(PolicyException, renewal.pk)) if renewal else ""),
        Fact("Why", row.reason, wide=True),
        Fact("Why it ended early", row.ended_reason, wide=True),
    ]
    steps = Steps(
        "How far it is",
        [
            Step("Granted", Lines([Moment(row.granted_at), Quiet(f"by {row.granted_by}")]), is_done=True),
            Step(
                "Ends by itself" if live else "Over",
                Moment(row.ended_at or row.expires_at),
                is_done=not live,
                is_now=live,
            ),
        ],
    )
    return [steps, Facts("What is allowed", [fact for fact in facts if fact.is_known])]
