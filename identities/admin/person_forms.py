"""What the pages of people ask: who, in which portal role, under whom."""

from django import forms

from identities.admin.forms import CommandForm, ReasonForm, Section
from identities.admin.identity_fields import Somebody
from identities.people.models import PortalRole
from identities.people.services.rules import AGENT_MARK

ROLE_HELP = {
    PortalRole.READ_ONLY: "reads the register and runs",
    PortalRole.ANALYST: "reads, reports, and operates the schedules they own",
    PortalRole.AUDITOR: "reads everything of every tenant, changes nothing",
    PortalRole.ADMIN: "governs the tenant",
}
ROLE_CHOICES = [(role.value, f"{role.label}: {ROLE_HELP[role]}") for role in PortalRole]
ROLE_TONES = {PortalRole.ADMIN: "accent", PortalRole.AUDITOR: "info"}


class PersonForm(CommandForm):
    """A new person."""

    email = forms.EmailField(label="E-mail address", max_length=254, help_text="They sign in with it.")
    first_name = forms.CharField(max_length=80, required=False)
    last_name = forms.CharField(max_length=80, required=False)
    role = forms.ChoiceField(label="Portal role", choices=ROLE_CHOICES)
    sections = (
        Section("Who", ("email", "first_name", "last_name")),
        Section("What they may do", ("role",)),
    )

    def clean_email(self) -> str:
        """Software signs in otherwise: made here, its account would be a person's that nobody watches."""
        email = str(self.cleaned_data["email"])
        if AGENT_MARK in email.lower():
            raise forms.ValidationError("This is the address of a service user: make it under Service users.")
        return email


class PersonEditForm(CommandForm):
    """The facts of a person that may change."""

    first_name = forms.CharField(max_length=80, required=False)
    last_name = forms.CharField(max_length=80, required=False)
    email = forms.EmailField(label="E-mail address", max_length=254)


class RoleOfPersonForm(ReasonForm):
    """Another portal role, and why."""

    role = forms.ChoiceField(label="Portal role", choices=ROLE_CHOICES)
    field_order = ("role", "reason")


class PlatformForm(CommandForm):
    """Platform administration, given or taken."""

    is_platform_admin = forms.BooleanField(label="Platform administrator", required=False)


class ManagerForm(CommandForm):
    """Who stands above them."""

    manager = Somebody(required=False, help_text="Asked to find a new owner when this person leaves things behind.")
