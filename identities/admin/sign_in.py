"""How people sign in to the admin: by e-mail, never as a machine, and always on record."""

import math
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminEmailInputWidget

from audit import services as audit
from identities.admin import entering
from identities.events import PersonEvent
from identities.people import sign_in as people
from identities.people.actors import actor_of, subject_of
from identities.people.tries import TooManyTries

REFUSED = "The e-mail address and the password do not go together, or this account may not sign in here."
LOCKED = 429


class SignInForm(AuthenticationForm):
    """E-mail and password. One answer for unknown, wrong, disabled and service user."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"] = forms.CharField(
            max_length=254,
            widget=UnfoldAdminEmailInputWidget({"autofocus": True, "autocomplete": "username"}),
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean()
        if (user := self.get_user()) is not None:
            entering.check(user)
        return values

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active or user.is_agent:
            raise ValidationError(REFUSED, code="invalid_login")

    def get_invalid_login_error(self) -> ValidationError:
        return ValidationError(REFUSED, code="invalid_login")


def recorded_sign_in(request: HttpRequest, enter: Callable[[], HttpResponse]) -> HttpResponse:
    """Let `enter` answer, and record what came of it when a password was sent and looked at."""
    try:
        response = enter()
    except TooManyTries as shut:
        return _shut(request, shut)
    except entering.MoreIsAsked as more:
        return entering.half_way(request, more.user, source=entering.PASSWORD, next_url=request.POST.get("next", ""))
    if request.method != "POST":
        return response
    user: Any = request.user
    if response.status_code == 302 and user.is_authenticated:
        entering.note_entry(request, user, source=entering.PASSWORD)
    elif request.POST.get("username"):
        people.record_refusal(request.POST["username"], source="admin")
    return response


def _shut(request: HttpRequest, why: TooManyTries) -> HttpResponse:
    minutes = max(1, math.ceil(why.seconds / 60))
    response = render(request, "steward/locked_out.html", {"minutes": minutes}, status=LOCKED)
    response["Retry-After"] = str(why.seconds)
    return response


def recorded_sign_out(request: HttpRequest, leave: Callable[[], HttpResponse]) -> HttpResponse:
    """Let `leave` answer, and record who left."""
    user: Any = request.user
    response = leave()
    if request.method == "POST" and user.is_authenticated:
        with transaction.atomic():
            audit.record(PersonEvent.SIGNED_OUT, actor=actor_of(user), subject=subject_of(user))
    return response
