"""The page behind a questionnaire's link: open to whoever has it, bounded, and silent about the register."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from audit import context
from identities import throttle
from identities.discovery import questionnaires
from identities.discovery.models import Questionnaire
from identities.errors import Conflict, DomainError, Invalid, Missing
from identities.inventory.vocabulary import AuthMethod, Environment, Kind

PAGES_A_MINUTE = 30
TEMPLATE = "steward/questionnaire.html"


def _choices(known: Any, empty: str) -> list[tuple[str, str]]:
    return [("", empty), *known.choices]


class AnswerForm(forms.Form):
    """One identity, as somebody who runs it would tell of it."""

    name = forms.CharField(label="What is it called?", max_length=120)
    kind = forms.ChoiceField(label="What is it?", choices=Kind.choices, initial=Kind.BOT.value)
    environment = forms.ChoiceField(
        label="Where does it work?", choices=_choices(Environment, "I do not know"), required=False
    )
    purpose = forms.CharField(label="What is it for?", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    technical_owner = forms.EmailField(label="Who answers for it? (e-mail)", max_length=254, required=False)
    auth_method = forms.ChoiceField(label="How does it sign in?", choices=AuthMethod.choices, initial="unknown")
    stored_at = forms.CharField(
        label="Where does its password or key rest?",
        max_length=254,
        required=False,
        help_text="The name of the place, such as: vault, path payroll/bot. Never the password or key itself.",
    )
    downstream_systems = forms.CharField(
        label="Which systems does it call?",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line.",
    )

    def clean_downstream_systems(self) -> list[str]:
        lines = str(self.cleaned_data["downstream_systems"]).replace(",", "\n").splitlines()
        return [line.strip()[:200] for line in lines if line.strip()][:50]

    def refuse(self, error: DomainError) -> None:
        """Show a service's no beside the field that it speaks of."""
        members = error.errors if isinstance(error, Invalid) else {}
        for member, messages in members.items():
            self.add_error(member if member in self.fields else None, list(messages))
        if not members:
            self.add_error(None, error.message)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form, or take an answer and offer the next one."""
    response = _answer(request, token)
    add_never_cache_headers(response)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    counted = throttle.hit("questionnaire", context.current().address)
    if counted.number > PAGES_A_MINUTE:
        response = _say(request, "Too many at once", "Wait a minute, then go on.", 429)
        response["Retry-After"] = str(counted.seconds_left)
        return response
    try:
        questionnaire = questionnaires.behind(token)
    except Missing:
        return _say(request, "There is no such questionnaire", "Look whether the link is whole.", 404)
    except Conflict as over:
        return _say(request, "This questionnaire is closed", over.message, 410)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and (name := _take(questionnaire, form)):
        return _show(request, questionnaire, AnswerForm(), noted=name)
    return _show(request, questionnaire, form, status=422 if form.errors else 200)


def _take(questionnaire: Questionnaire, form: AnswerForm) -> str:
    """The name that was noted; empty where the answer was refused."""
    facts = {name: value for name, value in form.cleaned_data.items() if name != "stored_at" and value}
    try:
        questionnaires.answer(questionnaire, facts=facts, stored_at=form.cleaned_data["stored_at"])
    except DomainError as error:
        form.refuse(error)
        _forget_secrets(form, error)
        return ""
    return str(form.cleaned_data["name"])


def _forget_secrets(form: AnswerForm, error: DomainError) -> None:
    """What reads like a secret is not sent back to stand in a page."""
    if isinstance(error, Invalid):
        kept = {name: value for name, value in form.data.items() if name not in error.errors}
        form.data = {**kept, **dict.fromkeys(set(error.errors) & set(form.fields), "")}


def _show(
    request: HttpRequest, questionnaire: Questionnaire, form: AnswerForm, *, noted: str = "", status: int = 200
) -> HttpResponse:
    shown = {"title": questionnaire.title, "form": form, "noted": noted, "until": questionnaire.expires_at}
    return render(request, TEMPLATE, shown, status=status)


def _say(request: HttpRequest, title: str, text: str, status: int) -> HttpResponse:
    return render(request, TEMPLATE, {"title": title, "text": text}, status=status)
