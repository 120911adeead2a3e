"""Changing one's own password, which is also where somebody lands who must."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import password_validation, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from identities.admin import entering
from identities.admin.commands import Command, Done
from identities.admin.forms import CommandForm
from identities.admin.parts import Link
from identities.errors import DomainError
from identities.people import password_age, services as people


class OwnPasswordForm(CommandForm):
    """The old password, and the new one twice."""

    renamed: ClassVar = {"current_password": "current", "new_password": "password"}
    current = forms.CharField(
        label="Current password", strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )
    password = forms.CharField(
        label="New password", strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label="New password again", strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") and values.get("again") and values["password"] != values["again"]:
            self.add_error("again", "The two are not the same.")
        return values


def _closed(call: Any) -> Done:
    raise NotImplementedError("One's own password has a page of its own.")


OWN_PASSWORD = Command(key="password", label="Change password", run=_closed, form=OwnPasswordForm)


def must_change(request: HttpRequest) -> bool:
    """Whether they get no further before they have chosen a new password; its age counts for who came by it."""
    user: Any = request.user
    if entering.came_by_provider(request):
        return bool(user.must_reset_password)
    return password_age.must_change(user, timezone.now())


def _why(request: HttpRequest) -> str:
    user: Any = request.user
    if user.must_reset_password:
        return "An administrator asks you to choose a new password before you go on."
    days = settings.AUTH_PASSWORD_MAX_AGE_DAYS
    return (
        f"Your password is older than {days} days. Choose a new one before you go on." if must_change(request) else ""
    )


@sensitive_post_parameters()
def change_own_password(request: HttpRequest, site: Any) -> HttpResponse:
    """The page, and the change; every other session of the person ends with it."""
    user: Any = request.user
    form = OwnPasswordForm(request.POST or None, obj=user)
    if request.method == "POST" and form.is_valid():
        try:
            changed = people.change_own_password(
                user,
                current=form.cleaned_data["current"],
                new=form.cleaned_data["password"],
                actor=site.actor_of(request),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, "Your password is changed. Sessions elsewhere have ended.")
            return HttpResponseRedirect(reverse("admin:index", current_app=site.name))
    context = {
        **site.each_context(request),
        "title": "Change password",
        "crumbs": [Link("Change password")],
        "command": OWN_PASSWORD,
        "form": form,
        "intro": _why(request),
        "back": reverse("admin:index", current_app=site.name),
    }
    return TemplateResponse(request, "steward/command.html", context, status=422 if form.errors else 200)
