"""Leaks: hand in text that somebody found, and see what died of it, how fast, and how far it reached."""

from copy import copy
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from unfold import widgets

from identities import throttle
from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.filters import by_choice, by_row
from identities.admin.forms import CommandForm
from identities.admin.leak_rows import action_badge, seconds
from identities.admin.leak_view import around_of, blocks_of, reach_of, tab_of
from identities.admin.pages import Page, Tab, link_to, list_of
from identities.admin.parts import Empty, Lines, Moment, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.credentials.misplaced import members_with_secrets
from identities.detections import leaks
from identities.detections.models import LeakAction, LeakDoor, LeakMatch, LeakReport
from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity

NAMED, TABS = 3, 12


class Forgetful(widgets.UnfoldAdminTextareaWidget):
    """A box whose text is not sent back: a refused form must not put the secret into the page."""

    def format_value(self, value: object) -> str:
        return ""


class LeakForm(CommandForm):
    """What was found, and where."""

    takes_secrets = True

    text = forms.CharField(
        max_length=1_048_576,
        strip=False,
        help_text="A line is enough; a whole log, page or commit up to 1 MiB will do. It is searched and not kept.",
    )
    source = forms.CharField(
        label="Where it was found",
        max_length=200,
        required=False,
        help_text="A few words or an address, such as: build log of payroll. Owners are told.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = {"rows": 10, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        self.fields["text"].widget = Forgetful(attrs=attrs)

    def full_clean(self) -> None:
        """Whoever pastes into the wrong box is not shown it again either."""
        super().full_clean()
        if members_with_secrets({"source": self.data.get(self.add_prefix("source"), "")}):
            drawn: Any = copy(self.data)
            drawn[self.add_prefix("source")] = ""
            self.data = drawn


@sensitive_variables("call", "matches")
def _report(call: Call) -> Done:
    counted = throttle.hit("leak-report", str(call.actor.id))
    if counted.number > leaks.A_MINUTE:
        raise Invalid({"text": [f"That was a lot in a minute: try again in {counted.seconds_left} seconds."]})
    visible = call.scope.principal.visible_tenants(Duty.REPORT)
    matches = leaks.report(
        call.values["text"],
        source=call.values["source"],
        door=LeakDoor.PASTED,
        actor=call.actor,
        visible=visible,
    )
    if not matches:
        return Done("No secret of yours is in it. Nothing was kept.", href=list_of(LeakReport), tone="info")
    if all(match.is_repeated for match in matches):
        return Done("That was reported before; nothing more was to be done.", obj=matches[0].report, tone="info")
    own = next((match for match in matches if match.report.tenant_id == call.tenant.pk), matches[0])
    dead = sum(match.action != LeakAction.NONE for match in matches)
    said = f"{dead} secret{'s' if dead != 1 else ''} ended." if dead else "What is in it had ended before."
    return Done(said, obj=own.report)


@admin.register(LeakReport, site=site)
class LeakAdmin(CommandAdmin):
    """The reports of leaks of a tenant."""

    called: ClassVar[str] = "Leaks"
    list_display = ("reported", "found_in", "whose", "done", "time")
    list_display_links = ("reported",)
    list_filter = (
        by_choice("action", "What was done", LeakAction.choices, "matches__action"),
        by_choice("door", "Reported by", [(door.value, door.label) for door in LeakDoor]),
        by_row("identity", "Identity", ManagedIdentity, "matches__identity_id"),
    )
    search_fields = ("source", "where", "reported_by", "matches__identity__name")
    search_help_text = "Place, reporter, identity"
    ordering = ("-reported_at", "pk")
    empty_list = Empty(
        "No leak was reported",
        "Paste any text in which a secret may lie, such as a log or a page. A secret of yours in it ends at once, and "
        "a text without one leaves nothing behind.",
        icon="verified_user",
    )
    creation: ClassVar[Command] = Command(
        key="add",
        label="Report a leak",
        icon="crisis_alert",
        run=_report,
        form=LeakForm,
        duty=Duty.REPORT,
        submit="Search it, and end what is found",
        intro="Secrets of Steward are recognised by themselves, also escaped, in addresses and in Base64.",
        confirm="Each secret found is revoked at once, with every token of its identity. An identity of the high tier "
        "is quarantined. Whoever answers for it is told.",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("matches__identity", "matches__secret").distinct()

    @column("Reported", order="reported_at")
    def reported(self, report: LeakReport) -> object:
        return Moment(report.reported_at)

    @column("Found in")
    def found_in(self, report: LeakReport) -> object:
        return Lines([report.source or "not said", Quiet(report.where), Quiet(f"by {report.reported_by}")])

    @column("Whose")
    def whose(self, report: LeakReport) -> object:
        matches = list(report.matches.all())
        lines: list[object] = [_secret_of(match) for match in matches[:NAMED]]
        return Lines([*lines, Quiet(f"and {len(matches) - NAMED} more")] if len(matches) > NAMED else lines)

    @column("What was done")
    def done(self, report: LeakReport) -> object:
        return Lines([action_badge(action) for action in sorted({match.action for match in report.matches.all()})])

    @column("In")
    def time(self, report: LeakReport) -> object:
        ended = [match.seconds or 0 for match in report.matches.all() if match.action != LeakAction.NONE]
        return seconds(max(ended, default=0))

    def page(self, request: HttpRequest, obj: LeakReport, scope: Scope) -> Page:
        rows = obj.matches.select_related("identity__tenant", "secret").order_by("identity__name", "pk")
        matches = list(rows)
        for match in matches:
            match.report = obj
        tabs = [Tab("done", "What was done", lambda: blocks_of(matches, scope))]
        if len(matches) == 1:
            tabs.append(Tab("around", "What depends on it", lambda: around_of(matches[0], scope)))
        else:
            tabs += [_reach_tab(match, scope) for match in matches[:TABS]]
        title = f"Leak in {obj.source}" if obj.source else "Leak"
        badges = [action_badge(action) for action in sorted({match.action for match in matches})]
        return Page(title, tabs, badges, lead=_lead(obj))


def _secret_of(match: LeakMatch) -> Lines:
    return Lines([link_to(match.identity), Quiet(f"…{match.secret.hint}")], row=True)


def _reach_tab(match: LeakMatch, scope: Scope) -> Tab:
    return Tab(tab_of(match), f"{match.identity.name} …{match.secret.hint}", lambda: reach_of(match, scope))


def _lead(report: LeakReport) -> Lines:
    door = LeakDoor(report.door).label.lower()
    said = [Quiet("reported"), Moment(report.reported_at), Quiet(f"by {report.reported_by} ({door})")]
    return Lines([*said, *([Quiet(report.where)] if report.where else [])], row=True)
