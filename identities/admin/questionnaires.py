"""Questionnaires: make a link for whoever knows of identities that no export holds, and close it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, Shown
from identities.admin.forms import CommandForm, ReasonForm, moment
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, list_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.discovery import questionnaires
from identities.discovery.models import Questionnaire
from identities.inventory.models import ManagedIdentity

USUAL_SPAN = timedelta(days=14)


class QuestionnaireForm(CommandForm):
    """What it is about, whom it is for, and until when."""

    title = forms.CharField(max_length=100, help_text="What is asked about, such as: jobs on the mainframe.")
    addressee = forms.CharField(max_length=254, required=False, help_text="Who gets the link; for your own memory.")
    expires_at = moment(label="Open until", help_text="At most 90 days.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("expires_at", (timezone.now() + USUAL_SPAN).replace(second=0, microsecond=0))


def _begin(call: Call) -> Done:
    opened = questionnaires.begin(tenant=call.tenant, **call.values, actor=call.actor)
    link = call.request.build_absolute_uri(reverse("questionnaire", args=[opened.token]))
    shown = Shown(
        "The link to the questionnaire",
        "Link",
        link,
        "Whoever has it can answer without signing in, and sees nothing of the register. It is not shown again.",
        (("Open until", f"{opened.questionnaire.expires_at:%d %b %Y %H:%M} UTC"),),
    )
    return Done("The questionnaire is open.", obj=opened.questionnaire, shown=shown)


def _close(call: Call) -> Done:
    questionnaires.close(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("It is closed.", obj=call.obj)


def _is_open(questionnaire: Questionnaire) -> bool:
    return questionnaires.is_open(questionnaire, timezone.now())


@admin.register(Questionnaire, site=site)
class QuestionnaireAdmin(CommandAdmin):
    """The questionnaires of a tenant."""

    called: ClassVar[str] = "Questionnaires"
    read_duty: ClassVar[Duty] = Duty.GOVERN
    list_display = ("title", "addressee", "state_shown", "answers", "until")
    search_fields = ("title", "addressee")
    search_help_text = "Title or addressee"
    ordering = ("-created_at", "pk")
    empty_list = Empty(
        "No questionnaire yet",
        "Ask platform owners for the bots that no export holds: they answer by a link, without an account here.",
        icon="quiz",
    )
    creation: ClassVar[Command] = Command(
        key="add", label="New questionnaire", run=_begin, form=QuestionnaireForm, submit="Make the link"
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="close",
            label="Close",
            icon="lock",
            danger=True,
            run=_close,
            form=ReasonForm,
            applies=_is_open,
            title="Close questionnaire",
            confirm="The link takes no more answers.",
        ),
    )

    @column("State")
    def state_shown(self, questionnaire: Questionnaire) -> object:
        return _state(questionnaire)

    @column("Open until", order="expires_at")
    def until(self, questionnaire: Questionnaire) -> object:
        return Moment(questionnaire.expires_at)

    def page(self, request: HttpRequest, obj: Questionnaire, scope: Scope) -> Page:
        tabs = [Tab("facts", "Facts", lambda: [_facts(obj)]), *timeline_tab(scope, obj)]
        return Page(obj.title, tabs, [_state(obj)], lead=obj.addressee)


def _state(questionnaire: Questionnaire) -> Badge:
    if questionnaire.closed_at is not None:
        return Badge("closed", "quiet")
    return Badge("open", "good") if _is_open(questionnaire) else Badge("expired", "quiet")


def _facts(questionnaire: Questionnaire) -> Block:
    drafts = list_of(ManagedIdentity, source=questionnaire.source, state="requested")
    return Facts(
        "Questionnaire",
        [
            Fact("For", questionnaire.addressee),
            Fact("Open until", Moment(questionnaire.expires_at)),
            Fact("Answers", Link(f"{questionnaire.answers} drafts", drafts) if questionnaire.answers else 0),
            Fact("Closed", Moment(questionnaire.closed_at, "no")),
            Fact("Made", Lines([Moment(questionnaire.created_at), Quiet(f"by {questionnaire.created_by}")])),
        ],
        "Each answer is a draft in the register, in the state requested. The link itself is kept nowhere.",
    )
