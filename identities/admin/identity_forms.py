"""The input of the commands on identities."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from identities.admin.forms import CommandForm, ReasonForm, Section, day, moment
from identities.admin.searching import OfTenant
from identities.admin.wording import words
from identities.errors import Invalid
from identities.inventory.models import Environment, Issuance, Kind, OwnershipClass, RiskTier
from identities.people.models import Team, User
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference

OWNERS = ("business_owner", "technical_owner", "deputy_owner")
PEOPLE = {"is_active": True, "is_agent": False}
NO_SECRET, SHOW_ONCE, TO_VAULT = "none", "show", "vault"
SECRET_CHOICES = [(SHOW_ONCE, "Show it to me once"), (TO_VAULT, "Put it straight into a vault")]


class Somebody(OfTenant):
    """An active person of the tenant, found by name or address."""

    def __init__(self, *, where: dict[str, Any] = PEOPLE, **kwargs: Any) -> None:
        super().__init__(User, where=where, by=("email", "first_name", "last_name"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return str(obj) if obj.full_name == obj.email else f"{obj.full_name} ({obj.email})"


class UsableVault(OfTenant):
    """A vault connection of the tenant, or the one that serves all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(VaultConnection, by=("name", "vault_uri"), **kwargs)

    def narrow(self, tenant_id: Any) -> None:
        own = VaultConnection.objects.filter(tenant_id=tenant_id)
        common = VaultConnection.objects.filter(tenant__isnull=True)
        self.queryset = (own | common).order_by("name") if tenant_id is not None else own.none()

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.provider}, {obj.environment or 'any environment'})"


class FactsForm(CommandForm):
    """The facts of an identity."""

    name = forms.CharField(max_length=120, help_text="Unique in the tenant, such as payroll-bot.")
    environment = forms.ChoiceField(choices=Environment.choices)
    kind = forms.ChoiceField(choices=[(kind.value, words(kind.value)) for kind in Kind], initial=Kind.WORKLOAD)
    purpose = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), help_text="What it is for, in a sentence a stranger understands."
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    business_owner = Somebody(required=False, help_text="Answers for why it exists.")
    technical_owner = Somebody(required=False, help_text="Operates it.")
    deputy_owner = Somebody(required=False, help_text="Steps in when an owner leaves.")
    owner_team = OfTenant(Team, required=False)
    ownership_class = forms.ChoiceField(
        label="Belongs to", choices=OwnershipClass.choices, initial=OwnershipClass.WORKLOAD
    )
    issuance = forms.ChoiceField(
        label="How it gets its token",
        choices=[
            (Issuance.PORTAL, "Portal: by a secret of ours"),
            (Issuance.FEDERATED, "Federated: by a token of its own platform"),
            (Issuance.EXTERNAL, "External: not from us"),
        ],
        initial=Issuance.PORTAL,
    )
    risk_tier = forms.ChoiceField(choices=RiskTier.choices, initial=RiskTier.MEDIUM)
    data_classification = forms.CharField(
        max_length=64, required=False, help_text="Such as public, internal, confidential."
    )
    internet_exposed = forms.BooleanField(required=False, label="Reachable from the internet")
    customer_facing = forms.BooleanField(required=False, label="Customers depend on it")
    rotation_interval_days = forms.IntegerField(
        label="Rotate every (days)", min_value=1, max_value=3650, required=False, help_text="Empty: by risk tier."
    )
    review_by = day(label="Review by", required=False, help_text="Empty: by risk tier.")
    expires_at = moment(label="Purpose ends", required=False)
    revocation_procedure = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="How to switch it off. A vendor's identity must have one.",
    )
    application = forms.CharField(max_length=120, required=False)
    business_unit = forms.CharField(max_length=120, required=False)
    repository = forms.CharField(max_length=254, required=False)
    ticket = forms.CharField(max_length=120, required=False)

    sections: ClassVar[Sequence[Section]] = (
        Section("What it is", ("name", "environment", "kind", "purpose", "description")),
        Section(
            "Who answers for it",
            ("business_owner", "technical_owner", "deputy_owner", "owner_team", "ownership_class"),
            "Whoever makes an identity does not become its owner, and gives it nothing.",
        ),
        Section(
            "Risk",
            ("risk_tier", "data_classification", "internet_exposed", "customer_facing", "review_by", "expires_at"),
        ),
        Section("Proof and end", ("issuance", "rotation_interval_days", "revocation_procedure")),
        Section("Where it comes from", ("application", "business_unit", "repository", "ticket")),
    )

    @staticmethod
    def as_facts(values: dict[str, Any]) -> dict[str, Any]:
        """The values as the register takes them."""
        return dict(values)


class SecretForm(CommandForm):
    """What becomes of a new secret."""

    secret = forms.ChoiceField(
        label="Client secret",
        choices=SECRET_CHOICES,
        help_text="A secret that goes straight into a vault is seen by nobody.",
    )
    vault = UsableVault(required=False, label="Vault", help_text="Only with a vault.")
    secret_name = forms.CharField(
        max_length=300, required=False, help_text="Where it lies there, such as payroll/client-secret."
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("secret") == TO_VAULT:
            for name in ("vault", "secret_name"):
                if not values.get(name):
                    self.add_error(name, "Say where it goes.")
        return values


class NewIdentityForm(FactsForm, SecretForm):
    """A new identity, and what becomes of its first secret."""

    field_order = tuple(FactsForm.base_fields)
    sections: ClassVar[Sequence[Section]] = (
        *FactsForm.sections,
        Section(
            "First secret", ("secret", "vault", "secret_name"), "It has no role and no permission until you bind one."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["secret"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(NO_SECRET, "None for now"), *SECRET_CHOICES]


def reference_of(values: dict[str, Any]) -> SecretReference | None:
    """Take the secret's members out of `values` and say where the secret goes; None is to be shown or not made."""
    choice, vault, name = values.pop("secret"), values.pop("vault"), values.pop("secret_name")
    if choice != TO_VAULT:
        return None
    if vault is None or not name:
        raise Invalid({"vault": ["Say where it goes."]})
    return SecretReference(provider=vault.provider, vault_uri=vault.vault_uri, secret_name=name)


__all__ = ["NO_SECRET", "SHOW_ONCE", "FactsForm", "NewIdentityForm", "ReasonForm", "SecretForm", "reference_of"]
