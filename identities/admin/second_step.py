"""The second step of signing in: prove the second factor, or set up the one that is required."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from identities.admin import entering
from identities.admin.enrolling import DIGITS, Enrolment, read_credential
from identities.admin.forms import CommandForm
from identities.errors import DomainError
from identities.people import passkeys, proofs, second_factor
from identities.people.actors import actor_of
from identities.people.models import User
from identities.people.second_factor import Asked, Kind, asked_of

SOURCE = "admin"
TOO_MANY = 429


class ProofForm(CommandForm):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label="Code", max_length=20, required=False, widget=forms.TextInput(attrs=DIGITS | {"autofocus": True})
    )
    credential = forms.CharField(required=False, widget=forms.HiddenInput)


@method_decorator(never_cache)
@method_decorator(sensitive_post_parameters())
def prove(site: Any, request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of whoever is half-way in."""
    user = entering.who_is_half_way(request)
    if user is None or asked_of(user) is not Asked.PROOF:
        return _back(request)
    form = ProofForm(request.POST if request.method == "POST" else None)
    answer_late = 0
    if request.method == "POST" and form.is_valid():
        try:
            _prove(user, form)
        except DomainError as error:
            form.add_error("code", error.message)
            answer_late = error.seconds if isinstance(error, proofs.TooManyCodes) else 0
        else:
            return entering.come_in(request, user)
    return _drawn(site, request, user, form, answer_late)


@method_decorator(never_cache)
@method_decorator(sensitive_post_parameters())
def enrol(site: Any, request: HttpRequest) -> HttpResponse:
    """Have whoever is half-way in set up the second factor that is required of them, and let them in with it."""
    user = entering.who_is_half_way(request)
    if user is None or asked_of(user) is not Asked.ENROLMENT:
        return _back(request)
    enrolment = Enrolment(request, user)
    if request.method == "POST" and enrolment.carry_out(actor_of(user)):
        target = entering.come_in(request, user)["Location"]
        codes = enrolment.added.codes if enrolment.added else []
        return show_codes(site, request, codes, target)
    context = {
        **site.each_context(request),
        **enrolment.context(),
        "title": "Second factor",
        "who": user,
    }
    return TemplateResponse(request, "steward/enrol.html", context, status=422 if context["failed"] else 200)


def show_codes(site: Any, request: HttpRequest, codes: list[str], target: str) -> HttpResponse:
    """The recovery codes, this once; straight on where there are none to show."""
    if not codes:
        return HttpResponseRedirect(target)
    context = {
        **site.each_context(request),
        "title": "Recovery codes",
        "codes": [f"{code[:5]} {code[5:]}" for code in codes],
        "plain": "\n".join(codes),
        "target": target,
    }
    return TemplateResponse(request, "steward/recovery_codes.html", context, headers={"Cache-Control": "no-store"})


def _prove(user: User, form: ProofForm) -> None:
    if form.cleaned_data["credential"]:
        credential = read_credential(form.cleaned_data["credential"])
        passkeys.prove(user, credential=credential, source=SOURCE)
    else:
        proofs.prove_code(user, code=form.cleaned_data["code"], source=SOURCE)


def _drawn(site: Any, request: HttpRequest, user: User, form: ProofForm, answer_late: int) -> HttpResponse:
    kinds = {factor.kind for factor in second_factor.factors(user)}
    context = {
        **site.each_context(request),
        "title": "Second factor",
        "who": user,
        "form": form,
        "has_app": Kind.APP in kinds,
        "options": passkeys.options_to_prove(user) if Kind.PASSKEY in kinds else None,
    }
    if answer_late:
        late = {"Retry-After": str(answer_late)}
        return TemplateResponse(request, "steward/prove.html", context, status=TOO_MANY, headers=late)
    return TemplateResponse(request, "steward/prove.html", context, status=422 if form.errors else 200)


def _back(request: HttpRequest) -> HttpResponse:
    request.session.pop(entering.HALF_WAY, None)
    return HttpResponseRedirect(reverse("admin:login"))
