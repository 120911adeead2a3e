"""One's own second factor, signed in: set one up, take one away, new recovery codes; each asks who one is, freshly."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from identities.admin import entering
from identities.admin.commands import Command, Done
from identities.admin.enrolling import Enrolment
from identities.admin.forms import CommandForm
from identities.admin.parts import Link
from identities.admin.scope import scope_of
from identities.admin.second_step import show_codes
from identities.errors import DomainError
from identities.people import provider_links, refusals, second_factor
from identities.people.tries import TooManyTries

View = Callable[..., HttpResponse]


class ConfirmForm(CommandForm):
    """The password, once more."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )


def _closed(call: Any) -> Done:
    raise NotImplementedError("One's own account has pages of its own.")


CONFIRM = Command(key="confirm", label="Confirm", run=_closed, form=ConfirmForm, title="Is it you?")
REMOVE = Command(key="remove", label="Remove", run=_closed, danger=True)
RENEW = Command(
    key="renew", label="Make new codes", run=_closed, confirm="The old codes end at once, used or not.", primary=True
)
UNLINK = Command(
    key="unlink", label="Unlink", run=_closed, danger=True, confirm="The next sign-in through it links it again."
)


def fresh(view: View) -> View:
    """Only for whoever has proved within the last five minutes who they are; others are asked first."""

    @wraps(view)
    def asked(site: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if entering.is_fresh(request):
            return view(site, request, *args, **kwargs)
        return HttpResponseRedirect(f"{reverse('admin:confirm')}?{urlencode({'next': request.path})}")

    return asked


@method_decorator(sensitive_post_parameters())
def confirm(site: Any, request: HttpRequest) -> HttpResponse:
    """Ask for the password; a session opened through a provider has none, and signs in again."""
    user: Any = request.user
    if not user.has_usable_password():
        messages.info(request, "Sign out and in again first: this is only for who has signed in just now.")
        return HttpResponseRedirect(own_page())
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _is_password(request, form):
        entering.note_proof(request)
        return HttpResponseRedirect(entering.safe(request, request.GET.get("next")))
    intro = "You signed in a while ago. Whoever changes how you sign in must be you."
    return _page(site, request, CONFIRM, form, title="Is it you?", intro=intro)


@fresh
@method_decorator(sensitive_post_parameters())
def add(site: Any, request: HttpRequest) -> HttpResponse:
    """Set up an app or a passkey."""
    user: Any = request.user
    if second_factor.policy() is second_factor.Policy.OFF:
        raise Http404
    enrolment = Enrolment(request, user)
    if request.method == "POST" and enrolment.carry_out(scope_of(request).actor):
        messages.success(request, "Your second factor is set up. It is asked for at your next sign-in.")
        return show_codes(site, request, enrolment.added.codes if enrolment.added else [], own_page("second-factor"))
    context = {
        **site.each_context(request),
        **enrolment.context(),
        "title": "Second factor",
        "crumbs": [Link("My account", own_page("second-factor")), Link("Second factor")],
        "back": own_page("second-factor"),
    }
    return TemplateResponse(request, "steward/own_factor.html", context, status=422 if context["failed"] else 200)


@fresh
def remove(site: Any, request: HttpRequest, factor_id: int) -> HttpResponse:
    """Take one away."""
    user: Any = request.user
    found = next((one for one in second_factor.factors(user) if one.id == factor_id), None)
    if found is None:
        raise Http404("There is no such second factor.")
    form = CommandForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _carried_out(
        form, lambda: second_factor.remove(user, factor_id=factor_id, actor=scope_of(request).actor)
    ):
        messages.success(request, f"{found.name} is removed.")
        return HttpResponseRedirect(own_page("second-factor"))
    intro = (
        f"{found.name} opens nothing any more. With the last one your recovery codes go, and the password is enough."
    )
    return _page(site, request, REMOVE, form, title=f"Remove {found.name}", intro=intro)


@fresh
def renew(site: Any, request: HttpRequest) -> HttpResponse:
    """New recovery codes."""
    user: Any = request.user
    form, codes = CommandForm(request.POST if request.method == "POST" else None), []
    if request.method == "POST" and _carried_out(
        form, lambda: codes.extend(second_factor.renew_recovery_codes(user, actor=scope_of(request).actor))
    ):
        return show_codes(site, request, codes, own_page("second-factor"))
    return _page(site, request, RENEW, form, title="New recovery codes", intro="")


@fresh
def unlink(site: Any, request: HttpRequest) -> HttpResponse:
    """Forget the account at the provider."""
    user: Any = request.user
    form = CommandForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and _carried_out(
        form, lambda: provider_links.unlink(user, actor=scope_of(request).actor, reason="On their own page.")
    ):
        messages.success(request, "The account at the provider is forgotten.")
        return HttpResponseRedirect(own_page("second-factor"))
    return _page(site, request, UNLINK, form, title="Forget the provider's account", intro="")


def own_page(tab: str = "") -> str:
    """The address of one's own page."""
    address = reverse("admin:me")
    return f"{address}?tab={tab}" if tab else address


def _is_password(request: HttpRequest, form: ConfirmForm) -> bool:
    """By the way of the sign-in, so that guesses here count as guesses there."""
    user: Any = request.user
    try:
        proved = authenticate(request, username=user.email, password=form.cleaned_data["password"])
    except TooManyTries as shut:
        form.refuse(shut)
        return False
    if proved is None:
        refusals.record_refusal(user.email, source="confirm")
        form.add_error("password", "This is not your password.")
    return proved is not None


def _carried_out(form: CommandForm, service: Callable[[], object]) -> bool:
    if not form.is_valid():
        return False
    try:
        service()
    except DomainError as error:
        form.refuse(error)
        return False
    return True


def _page(
    site: Any, request: HttpRequest, command: Command, form: CommandForm, *, title: str, intro: str
) -> HttpResponse:
    context = {
        **site.each_context(request),
        "title": title,
        "crumbs": [Link("My account", own_page("second-factor")), Link(title)],
        "command": command,
        "form": form,
        "intro": intro,
        "back": own_page("second-factor"),
    }
    return TemplateResponse(request, "steward/command.html", context, status=422 if form.errors else 200)
