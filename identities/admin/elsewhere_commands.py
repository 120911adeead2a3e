"""The commands on credentials that live elsewhere: enter one, correct its dates, note that it is gone."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms

from identities.admin.commands import Call, Command, Done
from identities.admin.forms import ReasonForm, Section, moment
from identities.admin.key_material import MaterialForm, Pasted, pem_file
from identities.admin.pages import page_of
from identities.admin.wording import words
from identities.credentials import elsewhere
from identities.credentials.models import ExternalCredential, ExternalKind
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State


class DatesForm(MaterialForm):
    """What is known of one that lives elsewhere."""

    material = "certificate"
    is_wanted = False
    certificate = Pasted(
        required=False,
        label="Certificate",
        help_text="PEM. Its subject, issuer, dates, key and fingerprint are read and kept, the certificate is not. "
        "Of a chain the leaf is taken. A private key beside it is refused.",
    )
    file = pem_file("A file with the certificate. It is read once.")
    name = forms.CharField(max_length=254, required=False, help_text="What people call it. Never its value.")
    stored_at = forms.CharField(
        label="Rests in", max_length=400, required=False, help_text="Such as the vault and the name it has there."
    )
    fingerprint = forms.CharField(max_length=128, required=False, help_text="Such as SHA256:nThbg6kX…")
    created_at = moment(label="Made", required=False)
    last_rotated_at = moment(label="Last renewed", required=False)
    last_used_at = moment(label="Last used", required=False)
    expires_at = moment(label="Ends", required=False)
    rotate_by = moment(label="Rotate by", required=False, help_text="Empty: by risk tier, from when it was renewed.")
    sections: ClassVar = (
        Section("A certificate says most of it itself", ("certificate", "file")),
        Section("What it is", ("kind", "name", "stored_at", "fingerprint")),
        Section("Its dates", ("created_at", "last_rotated_at", "last_used_at", "expires_at", "rotate_by")),
    )

    def extra_fields(self) -> dict[str, forms.Field]:
        """Of one that a source reports, only what no source tells can be changed here."""
        if isinstance(self.obj, ExternalCredential) and self.obj.source != elsewhere.BY_HAND:
            for name in [name for name in self.fields if name not in {*elsewhere.OURS, "file"}]:
                del self.fields[name]
        return {}


class NewForm(DatesForm):
    """One that no source reports."""

    kind = forms.ChoiceField(
        label="Kind", choices=[(kind, words(kind)) for kind in ExternalKind.values], initial=ExternalKind.CERTIFICATE
    )


def _enter(call: Call) -> Done:
    facts = {name: value for name, value in call.values.items() if value not in (None, "")}
    made = elsewhere.describe(call.obj, facts=facts, actor=call.actor)
    return Done(f"{made} is in the register.", href=page_of(call.obj, tab="credentials"))


def _change(call: Call) -> Done:
    facts = {name: value for name, value in call.values.items() if name in call.changed or name == "certificate"}
    if not facts.get("certificate"):
        facts.pop("certificate", None)
    elsewhere.change(call.item, facts=facts, actor=call.actor)
    return Done("Saved.", href=page_of(call.obj, tab="credentials"))


def _gone(call: Call) -> Done:
    elsewhere.mark_gone(call.item, reason=call.values["reason"], actor=call.actor)
    return Done(f"{call.item} is noted as gone.", href=page_of(call.obj, tab="credentials"))


def _one(identity: ManagedIdentity, row_id: str) -> ExternalCredential | None:
    rows = identity.external_credentials.select_related("identity")
    return next((row for row in rows if str(row.pk) == row_id), None)


def _initial(row: ExternalCredential) -> dict[str, Any]:
    members = ("name", "stored_at", "fingerprint", *elsewhere.DATES)
    found = {name: getattr(row, name) for name in members}
    # The form knows minutes: a date that nobody touched must not look changed.
    return {
        name: value.replace(second=0, microsecond=0) if isinstance(value, datetime) else value
        for name, value in found.items()
    }


def _entered(row: ExternalCredential) -> str:
    return "entered by hand" if row.source == elsewhere.BY_HAND else f"reported by {row.source}"


def _is_there(row: Any) -> bool:
    return not isinstance(row, ExternalCredential) or row.gone_at is None


ADD_ELSEWHERE = Command(
    key="add-elsewhere",
    label="Add key or certificate that lives elsewhere",
    submit="Add",
    icon="add_link",
    run=_enter,
    form=NewForm,
    listed=False,
    intro="So that its end and its rotation are watched. Only names and dates are kept, never the key itself.",
    applies=lambda identity: identity.state != State.RETIRED,
)

CHANGE_ELSEWHERE = Command(
    key="change-elsewhere",
    label="Edit dates",
    submit="Save",
    icon="edit_calendar",
    run=_change,
    form=DatesForm,
    item=_one,
    initial=_initial,
    listed=False,
    applies=_is_there,
    intro=lambda row: f"{row}, {_entered(row)}.",
)

GONE_ELSEWHERE = Command(
    key="gone-elsewhere",
    label="It is gone",
    icon="link_off",
    danger=True,
    run=_gone,
    form=ReasonForm,
    item=_one,
    listed=False,
    applies=_is_there,
    intro=lambda row: f"{row} was removed where it lived. The row stays as evidence.",
)
