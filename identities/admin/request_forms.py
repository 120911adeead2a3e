"""The form of a request: one page for the bundle that was chosen, and a preview of its tier while it is filled in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from identities.access.bundles import BUNDLES, RoleBundle
from identities.admin.commands import Preview
from identities.admin.forms import CommandForm, Section, moment
from identities.admin.identity_fields import Somebody, UsableVault, long_text
from identities.admin.parts import Badge, Block, Lines, Notice
from identities.admin.searching import OfTenant
from identities.admin.wording import BAD, GOOD, WARN, words
from identities.errors import Invalid
from identities.inventory.vocabulary import Environment, Kind
from identities.people.models import Team
from identities.requests import tiers
from identities.requests.models import IdentityRequest
from identities.requests.wanted import LENGTHS, MAX_EVIDENCE
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference

TO_ME, TO_VAULT = "me", "vault"
USUAL = timedelta(days=90)
EVIDENCE = "evidence_"
MAY_DO = "What it may do"
TONES = {"low": GOOD, "medium": WARN, "high": BAD}
SAYS_YES = {
    "low": "Nobody is asked: it is issued at once.",
    "medium": "One who governs or owns it says yes, and who answers for it.",
    "high": "Two other people say yes: one who governs, and one who answers for it.",
}


class RequestForm(CommandForm):
    """What is asked for; which permissions and which evidence depends on the bundle."""

    bundle = forms.CharField(max_length=64, widget=forms.HiddenInput())
    name = forms.CharField(max_length=120, help_text="What it will be called, such as run-dashboard. Must be free.")
    environment = forms.ChoiceField(choices=[("", "Choose"), *Environment.choices], help_text="Where it works.")
    purpose = long_text(required=True, help_text="What it is for, in a sentence a stranger understands.")
    kind = forms.ChoiceField(choices=[(kind.value, words(kind.value)) for kind in Kind])
    workflow = forms.CharField(
        max_length=LENGTHS["workflow"], required=False, help_text="The workflow or workload that works with it."
    )
    technical_owner = Somebody(required=False, help_text="Who operates it. With no team either: you.")
    owner_team = OfTenant(Team, required=False, help_text="Who knows about it when that person is away.")
    data_classification = forms.CharField(
        max_length=64, required=False, help_text="The most sensitive data it reaches: internal, customer, payment."
    )
    customer_facing = forms.BooleanField(required=False, label="Customers depend on it")
    expires_at = moment(label="Needed until", help_text="It ends by itself then. Ask again before, if it is needed.")
    ticket = forms.CharField(max_length=120, required=False, help_text="Ticket or pull request.")
    secret = forms.ChoiceField(
        label="Its secret goes",
        choices=[(TO_ME, "To me, shown once"), (TO_VAULT, "Straight into a vault")],
        required=False,
        help_text="What goes straight into a vault is seen by nobody.",
    )
    vault = UsableVault(required=False, label="Vault", help_text="Only with a vault.")
    secret_name = forms.CharField(max_length=300, required=False, help_text="Where it lies there.")
    change_note = long_text(help_text="What changes with it; others read it before they say yes.")
    rollback_plan = long_text(help_text="How it is taken back if it does harm.")

    renamed: ClassVar[Mapping[str, str]] = {
        **{f"evidence.{key}": f"{EVIDENCE}{key}" for bundle in BUNDLES.values() for key in bundle.evidence_keys},
        "store_secret_at.secret_name": "secret_name",
        "store_secret_at": "vault",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("expires_at", _minute(timezone.now() + USUAL))
        if self.chosen is not None:
            self.initial.setdefault("kind", self.chosen.kind.value)

    @property
    def chosen(self) -> RoleBundle | None:
        """The bundle the form is for."""
        if isinstance(self.obj, IdentityRequest):
            return BUNDLES.get(self.obj.bundle)
        return BUNDLES.get(str(self.data.get("bundle") or self.initial.get("bundle") or ""))

    def extra_fields(self) -> dict[str, forms.Field]:
        bundle = self.chosen
        if bundle is None:
            return {}
        permissions = forms.MultipleChoiceField(
            choices=[(name, name) for name in bundle.permissions],
            initial=list(bundle.permissions),
            widget=forms.CheckboxSelectMultiple,
            help_text="All of the bundle. Take away what it does not need; nothing can be added.",
        )
        fields: dict[str, forms.Field] = {"permissions": permissions}
        for field in bundle.evidence:
            fields[f"{EVIDENCE}{field.key}"] = forms.CharField(
                label=field.label, help_text=field.help, max_length=MAX_EVIDENCE
            )
        return fields

    @property
    def groups(self) -> Iterable[tuple[Section, list[forms.BoundField]]]:
        for section in self._sections():
            if fields := [self[name] for name in section.fields if name in self.fields]:
                yield section, fields

    def _sections(self) -> Sequence[Section]:
        evidence = tuple(name for name in self.fields if name.startswith(EVIDENCE))
        return (
            Section("What it is", ("name", "environment", "purpose", "kind", "workflow")),
            Section("Who answers for it", ("technical_owner", "owner_team")),
            Section(MAY_DO, ("permissions", "data_classification", "customer_facing")),
            Section("How long, and why", ("expires_at", "ticket")),
            Section("Evidence", evidence, "Without these a bundle of this kind is not given."),
            Section("Its secret", ("secret", "vault", "secret_name")),
            Section("If it is of high tier", ("change_note", "rollback_plan"), "Helps those who have to say yes."),
        )

    def clean_bundle(self) -> str:
        said = str(self.cleaned_data["bundle"])
        if said not in BUNDLES:
            raise forms.ValidationError("There is no such bundle.")
        return said

    @classmethod
    def initial_of(cls, obj: Any) -> dict[str, Any]:
        """A request as its form shows it."""
        place = obj.store_secret_at or {}
        vault = VaultConnection.objects.filter(vault_uri=place.get("vaultUri", ""), provider=place.get("provider", ""))
        return {
            **super().initial_of(obj),
            "permissions": obj.permissions,
            "secret": TO_VAULT if place else TO_ME,
            "vault": vault.values_list("pk", flat=True).first(),
            "secret_name": place.get("secretName", ""),
            **{f"{EVIDENCE}{key}": said for key, said in obj.evidence.items()},
        }


def given_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values as the service takes them."""
    given = {name: value for name, value in values.items() if not name.startswith(EVIDENCE)}
    given["evidence"] = {name.removeprefix(EVIDENCE): value for name, value in values.items() if name not in given}
    where, vault, name = given.pop("secret"), given.pop("vault"), given.pop("secret_name")
    given["store_secret_at"] = None
    if where == TO_VAULT:
        if vault is None or not name:
            raise Invalid({"store_secret_at": ["Say where it goes: a vault, and a name in it."]})
        given["store_secret_at"] = SecretReference(vault.provider, vault.vault_uri, name)
    return given


def _foreseen(values: Mapping[str, Any]) -> Sequence[Block]:
    bundle = BUNDLES.get(str(values.get("bundle")))
    if bundle is None or not values.get("environment"):
        return ()
    asked = tiers.Asked(
        bundle=bundle,
        environment=values["environment"],
        permissions=values.get("permissions") or (),
        data_classification=values.get("data_classification") or "",
        customer_facing=bool(values.get("customer_facing")),
    )
    weighed = tiers.weigh(asked)
    reasons = [Lines([Badge(reason.tier, TONES[reason.tier]), reason.text], row=True) for reason in weighed.reasons]
    title = f"{weighed.tier.capitalize()} tier. {SAYS_YES[weighed.tier]}"
    return [Notice(title, Lines(reasons), TONES[weighed.tier], "shield")]


PREVIEW = Preview(
    label="Show the tier",
    fields=("bundle", "environment", "permissions", "data_classification", "customer_facing"),
    blocks=_foreseen,
    under=MAY_DO,
)


def _minute(at: Any) -> Any:
    return at.replace(second=0, microsecond=0)
