"""What the pages of service users ask: what the agent does, and so which role is the narrowest; where its tokens go."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

from identities.admin.forms import CommandForm, ReasonForm, Section
from identities.admin.identity_fields import Somebody, UsableVault
from identities.people.models import PortalRole
from identities.vaults.references import SecretReference

#: What an agent does, with the narrowest role that lets it; the narrowest of all comes first.
BEHAVIOURS = (
    (PortalRole.READ_ONLY, "Read-only evidence synchronisation or dashboards", "Reads the register and runs."),
    (
        PortalRole.ANALYST,
        "Report generation, evidence lifecycle tasks, or scheduler ownership",
        "Reads all that, makes reports, and operates the schedules that it owns.",
    ),
    (
        PortalRole.AUDITOR,
        "Cross-tenant observers or auditors",
        "Reads everything of every tenant and changes nothing. Only a platform administrator gives it.",
    ),
    (
        PortalRole.ADMIN,
        "Managing other users or frameworks",
        "Use sparingly: whoever holds its password or its session governs the tenant.",
    ),
)
NARROWEST = BEHAVIOURS[0][0].value
SPARINGLY = "Use sparingly: a machine that is ADMIN makes users, roles and identities, and turns red in the register."
SHOW_PASSWORD, TO_VAULT = "show", "vault"


@dataclass(frozen=True)
class Behaviour:
    """A choice that says what the agent does, which role that takes, and what the role may do."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.name


class RoleByBehaviour(forms.ChoiceField):
    """The role, chosen by what the agent does; each choice stands with its explanation."""

    explained = True

    def __init__(self, **kwargs: Any) -> None:
        choices = [(role.value, Behaviour(f"{does}: {role.value}", text)) for role, does, text in BEHAVIOURS]
        super().__init__(choices=choices, widget=forms.RadioSelect, **kwargs)


class PlaceForm(CommandForm):
    """A place in a vault."""

    vault = UsableVault(label="Vault")
    secret_name = forms.CharField(
        max_length=300, label="Name in the vault", help_text="Where they lie there, such as reports-agent/tokens."
    )


class NewServiceUserForm(CommandForm):
    """A new service user: who, what it does, who answers for it, and what becomes of its first credentials."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="<capability>-agent@<domain>, such as reports-agent@example.com: so everybody sees what it is.",
    )
    first_name = forms.CharField(max_length=80, required=False, help_text="Such as Reports.")
    last_name = forms.CharField(max_length=80, required=False, help_text="Such as Agent.")
    role = RoleByBehaviour(label="What it does", initial=NARROWEST)
    owner = Somebody(
        required=False,
        label="Answers for it",
        help_text="Its technical owner. Empty: you, where you belong to this tenant.",
    )
    first = forms.ChoiceField(
        label="How it begins",
        choices=[
            (SHOW_PASSWORD, "Show its password once"),
            (TO_VAULT, "Put its tokens into a vault"),
        ],
        help_text="What goes straight into a vault is seen by nobody: it is signed in once, and its password is not "
        "shown. Make a new one on its page when it is needed.",
    )
    vault = UsableVault(required=False, label="Vault", help_text="Only with a vault.")
    secret_name = forms.CharField(
        max_length=300,
        required=False,
        label="Name in the vault",
        help_text="Where its tokens lie there, such as reports-agent/tokens.",
    )
    renamed: ClassVar[dict[str, str]] = {
        "store_tokens_at.vault_uri": "vault",
        "store_tokens_at.provider": "vault",
        "store_tokens_at.secret_name": "secret_name",
    }
    sections = (
        Section("Who", ("email", "owner", "first_name", "last_name")),
        Section("What it may do", ("role",), "The narrowest role that lets it do its work. It can be changed later."),
        Section("First credentials", ("first", "vault", "secret_name")),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("first") == TO_VAULT:
            for name in ("vault", "secret_name"):
                if not values.get(name):
                    self.add_error(name, "Say where they go.")
        return values


class RoleForm(ReasonForm):
    """Another role, by what it does now, and why."""

    role = RoleByBehaviour(label="What it does")
    field_order = ("role", "reason")


class EditForm(CommandForm):
    """Its names and its address."""

    email = forms.EmailField(
        label="E-mail address", max_length=254, help_text="It stays of the form <capability>-agent@<domain>."
    )
    first_name = forms.CharField(max_length=80, required=False)
    last_name = forms.CharField(max_length=80, required=False)


def place_in(values: dict[str, Any]) -> SecretReference | None:
    """Take the vault's members out of `values`, and say where the tokens go; None where the password is shown."""
    vault, name = values.pop("vault"), values.pop("secret_name")
    if values.pop("first", TO_VAULT) != TO_VAULT or vault is None:
        return None
    return SecretReference(provider=vault.provider, vault_uri=vault.vault_uri, secret_name=name)
