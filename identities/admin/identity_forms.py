"""The input of the commands on identities."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from identities.admin.forms import CommandForm, ReasonForm, Section, day, moment
from identities.admin.identity_fields import (
    AuthMethodField,
    CadenceField,
    LinesField,
    Somebody,
    TagsField,
    UsableVault,
    long_text,
    one_of,
)
from identities.admin.searching import OfTenant
from identities.admin.wording import words
from identities.errors import Invalid
from identities.inventory import provenance
from identities.inventory.models import ManagedIdentity
from identities.inventory.suggestions import suggest_auth_methods, suggest_tier
from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Criticality,
    DisableStrategy,
    Environment,
    Function,
    Issuance,
    Kind,
    Origin,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    TrustBoundary,
)
from identities.people.models import Team
from identities.vaults.references import SecretReference

NO_SECRET, SHOW_ONCE, TO_VAULT = "none", "show", "vault"
SECRET_CHOICES = [(SHOW_ONCE, "Show it to me once"), (TO_VAULT, "Put it straight into a vault")]
#: Asked of whoever enters an identity; what an import left open may stay open while something else is mended.
MAY_STAY_OPEN = ("environment", "purpose")


class FactsForm(CommandForm):
    """The facts of an identity: all of them, each with what it is for, where its value came from, and what is advised.

    A suggestion is shown under its field and never chosen for anybody.
    """

    asks_change = True

    name = forms.CharField(max_length=120, help_text="Unique in the tenant, such as payroll-bot.")
    environment = forms.ChoiceField(choices=[("", "Choose"), *Environment.choices])
    kind = forms.ChoiceField(choices=[(kind.value, words(kind.value)) for kind in Kind], initial=Kind.WORKLOAD)
    function = one_of(Function, help_text="What it does for a living.")
    purpose = long_text(required=True, help_text="What it is for, in a sentence a stranger understands.")
    description = long_text()
    protocols = LinesField(
        rows=2, help_text="What it speaks and which tools it uses, one a line: https, grpc, mcp:jira."
    )
    business_owner = Somebody(required=False, help_text="Answers for why it exists.")
    technical_owner = Somebody(required=False, help_text="Operates it.")
    deputy_owner = Somebody(required=False, help_text="Steps in when an owner leaves.")
    owner_team = OfTenant(Team, required=False, help_text="Knows about it when a person is away.")
    ownership_class = forms.ChoiceField(
        label="Belongs to", choices=OwnershipClass.choices, initial=OwnershipClass.WORKLOAD,
        help_text="A vendor's identity needs both owners on our side and a way to switch it off.",
    )  # fmt: skip
    vendor_contract = forms.CharField(
        max_length=254, required=False, help_text="The contract or order, for a vendor's."
    )
    vendor_renewal_on = day(label="Contract renews on", required=False)
    risk_tier = forms.ChoiceField(
        choices=RiskTier.choices, initial=RiskTier.MEDIUM, help_text="Decides how often it is rotated and reviewed."
    )
    privilege_level = one_of(PrivilegeLevel, help_text="How much it may do where it works.")
    blast_radius = one_of(BlastRadius, help_text="How far the harm goes if it is misused.")
    trust_boundary = one_of(TrustBoundary, help_text="Which line its calls cross.")
    business_criticality = one_of(Criticality, help_text="What its failure costs.")
    data_classification = forms.CharField(
        max_length=64, required=False, help_text="Such as public, internal, confidential."
    )
    internet_exposed = forms.BooleanField(required=False, label="Reachable from the internet")
    customer_facing = forms.BooleanField(required=False, label="Customers depend on it")
    issuance = forms.ChoiceField(
        label="How it gets its token",
        choices=[
            (Issuance.PORTAL, "Portal: by a secret of ours"),
            (Issuance.FEDERATED, "Federated: by a token of its own platform"),
            (Issuance.EXTERNAL, "External: not from us"),
        ],
        initial=Issuance.PORTAL,
    )
    auth_method = AuthMethodField(label="How it proves itself", required=False, initial=AuthMethod.UNKNOWN.value)
    rotation_interval_days = forms.IntegerField(
        label="Rotate every (days)", min_value=1, max_value=3650, required=False, help_text="Empty: by risk tier."
    )
    upstream_trust_source = forms.CharField(
        max_length=254, required=False,
        help_text="Who vouches for it, and for which subject: token.actions.githubusercontent.com "
        "subject=repo:acme/pay:ref:refs/heads/main",
    )  # fmt: skip
    upstream_dependencies = LinesField(label="Depends on", help_text="What must work for it to work, one a line.")
    downstream_systems = LinesField(label="Works on", help_text="The systems it calls, one a line.")
    downstream_permissions = LinesField(
        label="May do there", help_text="What it may do elsewhere, one a line: s3:GetObject, Mail.Read."
    )
    expected_cadence = CadenceField(
        max_length=32, required=False,
        help_text="How often it works: every 5 minutes, hourly, daily, yearly, or PT5M. Silence beyond it is dormancy; "
        "empty: its schedules tell, else 90 days.",
    )  # fmt: skip
    review_by = day(label="Review by", required=False, help_text="Empty: by risk tier.")
    expires_at = moment(label="Purpose ends", required=False)
    deprovisioning_trigger = long_text(
        label="What ends it", help_text="The event that makes it needless, such as a project's end."
    )
    revocation_procedure = long_text(
        label="How it is switched off", help_text="Step by step. A vendor's identity must have one."
    )
    revocation_tested_at = moment(label="Switching off was tried", required=False)
    disable_strategy = one_of(DisableStrategy, label="May be switched off")
    application = forms.CharField(max_length=120, required=False)
    business_unit = forms.CharField(max_length=120, required=False)
    ticket = forms.CharField(max_length=120, required=False, help_text="Where it was decided.")
    repository = forms.CharField(max_length=254, required=False, help_text="Where its code lives.")
    tags = TagsField(help_text="One a line, such as cost-centre=4711.")

    sections: ClassVar[Sequence[Section]] = (
        Section("What it is", ("name", "environment", "kind", "function", "purpose", "description", "protocols")),
        Section(
            "Who answers for it",
            ("business_owner", "technical_owner", "deputy_owner", "owner_team", "ownership_class", "vendor_contract",
             "vendor_renewal_on"),
            "Whoever makes an identity does not become its owner, and gives it nothing.",
        ),
        Section(
            "Risk",
            ("risk_tier", "privilege_level", "blast_radius", "trust_boundary", "business_criticality",
             "data_classification", "internet_exposed", "customer_facing"),
        ),
        Section(
            "Proof", ("issuance", "rotation_interval_days", "auth_method", "upstream_trust_source"),
            "How it shows that it is itself, and how long that lasts.",
        ),
        Section("Around it", ("upstream_dependencies", "downstream_systems", "downstream_permissions")),
        Section(
            "Life and end",
            ("expected_cadence", "review_by", "expires_at", "disable_strategy", "deprovisioning_trigger",
             "revocation_procedure", "revocation_tested_at"),
        ),
        Section("Where it comes from", ("application", "business_unit", "ticket", "repository", "tags")),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.obj, ManagedIdentity):
            self._tell_origins(self.obj)
            self._suggest(self.obj)

    def _tell_origins(self, identity: ManagedIdentity) -> None:
        for member, entry in provenance.entries(identity.provenance).items():
            if member in self.fields:
                self.fields[member].origin = origin_said(entry)  # type: ignore[attr-defined]
        for member in MAY_STAY_OPEN:
            self.fields[member].required = bool(getattr(identity, member))
        tags = self.fields["tags"]
        if isinstance(tags, TagsField):
            tags.is_list = isinstance(identity.tags, list)

    def _suggest(self, identity: ManagedIdentity) -> None:
        tier = suggest_tier(identity)
        said = {"risk_tier": f"Suggested: {words(tier.value)}. {tier.reason}" if tier.value else tier.reason}
        methods = suggest_auth_methods(identity)[:2]
        said["auth_method"] = " ".join(f"Suggested: {words(method.value)}. {method.reason}" for method in methods)
        for member, text in said.items():
            self.fields[member].suggested = text  # type: ignore[attr-defined]

    @staticmethod
    def as_facts(values: dict[str, Any]) -> dict[str, Any]:
        """The values as the register takes them."""
        return dict(values)


def origin_said(entry: Mapping[str, Any]) -> str:
    """Where a value came from, in words: "Imported from aws/1234 on 3 May 2026"."""
    by, source = entry.get("by") or "", entry.get("source") or ""
    said = {
        Origin.IMPORTED: f"Imported from {source or 'a file'}",
        Origin.EDITED: f"Edited by {by or 'somebody'}" + (f" through {source}" if source else ""),
        Origin.DERIVED: "Filled in by the identity policy",
    }.get(str(entry.get("origin")), "Entered")  # type: ignore[call-overload]
    try:
        at = datetime.fromisoformat(str(entry.get("at")))
    except ValueError:
        return str(said)
    return f"{said} on {at.day} {at:%b %Y}"


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

    asks_change = False
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
