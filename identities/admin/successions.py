"""Successions: identities somebody left behind, who is asked to take them over, and by when."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import by_choice
from identities.admin.history import timeline
from identities.admin.pages import Page, Tab, link_to, page_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Step, Steps
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.succession_commands import CASE_BUTTONS, TRANSFER_BUTTONS
from identities.admin.wording import tone_of, words
from identities.inventory.vocabulary import RiskTier
from identities.succession import clocks
from identities.succession.models import (
    CaseState,
    OwnershipTransfer,
    Step as Stage,
    SuccessionCase,
    TransferState,
)

STATES = {
    CaseState.OPEN: Badge("caretaker", "warn", "It works on; somebody to answer for it is being found."),
    CaseState.SETTLED: Badge("taken over", "good"),
    CaseState.MOOT: Badge("has an owner", "quiet", "It got an owner by another way."),
}
ASKED = {
    Stage.DEPUTY: "The deputy",
    Stage.TEAM: "The team",
    Stage.MANAGER: "The manager",
    Stage.SECURITY: "Security",
}
TRANSFER_STATES = {
    TransferState.ASKED: Badge("waits for an answer", "warn"),
    TransferState.ACCEPTED: Badge("accepted", "good"),
    TransferState.DECLINED: Badge("declined", "bad"),
    TransferState.WITHDRAWN: Badge("withdrawn", "quiet"),
    TransferState.EXPIRED: Badge("nobody answered", "quiet"),
}


@admin.register(SuccessionCase, site=site)
class SuccessionAdmin(CommandAdmin):
    """The cases of a tenant, those that wait first."""

    called: ClassVar[str] = "Succession"
    list_display = ("identity_shown", "cause_shown", "state_shown", "asked_shown", "due_shown", "opened_shown")
    list_display_links = ("opened_shown",)
    list_filter = (
        by_choice("state", "State", CaseState.choices),
        by_choice("step", "Asked now", Stage.choices),
        by_choice("tier", "Risk tier", RiskTier.choices, "identity__risk_tier"),
    )
    search_fields = ("identity__name", "leaver_label")
    search_help_text = "Identity, or who left"
    ordering = ("state", "-opened_at")
    empty_list = Empty(
        "Everything has somebody who answers for it",
        "When an owner's account is disabled, or a team empties, its identities go on working, and deputy, team, "
        "manager and security are asked in turn. You follow it here.",
        icon="family_history",
    )
    buttons: ClassVar[Sequence[Command]] = CASE_BUTTONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("identity", "leaver")

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        owners = ("identity__technical_owner", "identity__business_owner", "identity__deputy_owner")
        return queryset.select_related("tenant", "leaver", "identity__owner_team", *owners)

    @column("Identity", order="identity__name")
    def identity_shown(self, row: SuccessionCase) -> object:
        return link_to(row.identity)

    @column("Why")
    def cause_shown(self, row: SuccessionCase) -> object:
        return Link(row.cause, page_of(row.leaver, tab="left")) if row.leaver else row.cause

    @column("State", order="state")
    def state_shown(self, row: SuccessionCase) -> object:
        return STATES[CaseState(row.state)]

    @column("Asked")
    def asked_shown(self, row: SuccessionCase) -> object:
        if row.state != CaseState.OPEN:
            return Quiet(row.settled_by)
        return Lines([ASKED[Stage(row.step)], Quiet(_named(row.steps[-1]["labels"]))])

    @column("Until", order="due_at")
    def due_shown(self, row: SuccessionCase) -> object:
        return Moment(row.due_at)

    @column("Since", order="opened_at")
    def opened_shown(self, row: SuccessionCase) -> object:
        return Moment(row.opened_at)

    def page(self, request: HttpRequest, obj: SuccessionCase, scope: Scope) -> Page:
        tier = obj.identity.risk_tier
        tabs = [
            Tab("steps", "Steps", lambda: [_steps(obj), _about(obj)]),
            Tab("timeline", "Timeline", lambda: timeline(scope, str(obj.identity_id), obj.identity.name)),
        ]
        badges = [STATES[CaseState(obj.state)], Badge(f"{tier} tier", tone_of(tier))]
        notices = [_caretaker(obj)] if obj.state == CaseState.OPEN else []
        lead = Lines([Quiet(obj.cause), link_to(obj.identity)], row=True)
        return Page(f"Succession of {obj.identity.name}", tabs, badges, lead=lead, notices=notices)


def _caretaker(case: SuccessionCase) -> Notice:
    left = [ASKED[step].lower() for step in clocks.after(Stage(case.step))]
    then = f"then {', then '.join(left)}." if left else "then security holds it without being asked again."
    text = Lines(
        [Quiet("Schedules run and tokens are minted as before. Until"), Moment(case.due_at), Quiet(then)], row=True
    )
    return Notice(f"Caretaker state: {ASKED[Stage(case.step)].lower()} is asked", text, "warn", "family_history")


def _steps(case: SuccessionCase) -> Steps:
    by_step = {said["step"]: said for said in case.steps}
    return Steps("Who is asked", [_step(case, step, by_step.get(step.value)) for step in clocks.ORDER])


def _step(case: SuccessionCase, step: Stage, said: dict[str, Any] | None) -> Step:
    is_now = case.state == CaseState.OPEN and step == case.step
    if said is None:
        is_past = clocks.ORDER.index(step) < clocks.ORDER.index(Stage(case.step))
        days = clocks.DAYS_OF_HIGH if case.identity.risk_tier == RiskTier.HIGH else clocks.DAYS
        told = "nobody there" if is_past else f"{days[step]} days" if case.state == CaseState.OPEN else "not needed"
        return Step(ASKED[step], Quiet(told), is_skipped=is_past or case.state != CaseState.OPEN)
    lines: list[object] = [_named(said["labels"])]
    lines += [Quiet(f"{no['label']} said no: {no['reason']}") for no in said.get("declined", [])]
    if said.get("outcome"):
        lines.append(Quiet(said["outcome"]))
    return Step(ASKED[step], Lines(lines), is_done=bool(said.get("outcome")), is_now=is_now)


def _about(case: SuccessionCase) -> Block:
    return Facts(
        "About",
        [
            Fact("Identity", link_to(case.identity)),
            Fact("Left by", Link(case.leaver_label, page_of(case.leaver, tab="left")) if case.leaver else ""),
            Fact("Opened", Moment(case.opened_at)),
            *([Fact("Settled", Moment(case.settled_at)), Fact("By", case.settled_by)] if case.settled_at else []),
            *([Fact("How", case.settled_reason)] if case.settled_reason else []),
        ],
    )


def _named(labels: Sequence[str], most: int = 3) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return f"{', '.join(labels[:most])}{more}" or "nobody"


@admin.register(OwnershipTransfer, site=site)
class TransferAdmin(CommandAdmin):
    """Identities that are to change hands."""

    called: ClassVar[str] = "Ownership transfers"
    list_display = ("identity_shown", "receiver_shown", "state_shown", "asked_shown", "due_shown")
    list_display_links = ("asked_shown",)
    list_filter = (by_choice("state", "State", TransferState.choices),)
    search_fields = ("identity__name", "receiver__email")
    search_help_text = "Identity or receiver"
    ordering = ("-asked_at", "pk")
    empty_list = Empty(
        "Nothing changes hands", "Hand an identity on from its page, tab Ownership: the receiver is asked.",
        icon="swap_horiz",
    )  # fmt: skip
    buttons: ClassVar[Sequence[Command]] = TRANSFER_BUTTONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("identity", "receiver")

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "identity", "receiver", "team")

    @column("Identity", order="identity__name")
    def identity_shown(self, row: OwnershipTransfer) -> object:
        return link_to(row.identity)

    @column("To", order="receiver__email")
    def receiver_shown(self, row: OwnershipTransfer) -> object:
        return Lines([link_to(row.receiver), Quiet(words(row.role))])

    @column("State", order="state")
    def state_shown(self, row: OwnershipTransfer) -> object:
        return TRANSFER_STATES[TransferState(row.state)]

    @column("Asked", order="asked_at")
    def asked_shown(self, row: OwnershipTransfer) -> object:
        return Moment(row.asked_at)

    @column("Until", order="due_at")
    def due_shown(self, row: OwnershipTransfer) -> object:
        return Moment(row.due_at if row.state == TransferState.ASKED else None)

    def page(self, request: HttpRequest, obj: OwnershipTransfer, scope: Scope) -> Page:
        def about() -> list[Block]:
            facts = [
                Fact("Identity", link_to(obj.identity)),
                Fact("To", link_to(obj.receiver)),
                Fact("As", words(obj.role)),
                Fact("And to the team", link_to(obj.team) if obj.team else ""),
                Fact("Why", obj.reason, wide=True),
                Fact("Ticket", obj.ticket),
                Fact("Asked", Lines([Moment(obj.asked_at), Quiet(f"by {obj.asked_by}")], row=True)),
                Fact("To be answered by", Moment(obj.due_at)),
                Fact("Answered", Moment(obj.answered_at)),
                Fact("Answer", obj.answer),
                Fact("Role bindings ended", str(obj.bindings_ended) if obj.state == TransferState.ACCEPTED else ""),
            ]
            return [Facts("About", facts)]

        tabs = [
            Tab("about", "About", about),
            Tab("timeline", "Timeline", lambda: timeline(scope, str(obj.identity_id), obj.identity.name)),
        ]
        return Page(
            f"{obj.identity.name} to {obj.receiver.full_name}", tabs, [TRANSFER_STATES[TransferState(obj.state)]]
        )
