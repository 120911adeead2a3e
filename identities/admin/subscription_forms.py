"""The input for a subscription: of those who govern, and of those who subscribe only themselves."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms

from identities.admin.forms import CommandForm, Section
from identities.admin.identity_fields import Somebody
from identities.admin.searching import OfTenant
from identities.inventory.vocabulary import Environment, RiskTier
from identities.notifications.models import Audience, Channel
from identities.notifications.subscriptions import LONGEST_DIGEST

AUDIENCES = {
    Audience.OWNERS: "Owners and deputy",
    Audience.TECHNICAL_OWNER: "Technical owner",
    Audience.DEPUTY: "Deputy",
    Audience.OWNER_TEAM: "Owning team",
    Audience.OWNER_AND_TEAM: "Technical owner and owning team",
    Audience.ADMINS: "ADMINs",
    Audience.PERSON: "One person",
    Audience.NOBODY: "Nobody: the channel alone",
}
COMMON = Section("Subscription", ("name", "digest_minutes", "is_enabled"))
EVENTS = Section("Events", ("types", "tiers", "environments"), "Tier and environment are those of the identity.")


class Words(forms.CharField):
    """Events, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}), max_length=4000, **kwargs)

    def clean(self, value: Any) -> Any:
        return super().clean(value).replace(",", " ").split()

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class OwnForm(CommandForm):
    """What somebody subscribes themselves to."""

    sections: ClassVar[Sequence[Section]] = (COMMON, EVENTS)
    name = forms.CharField(max_length=120)
    types = Words(label="Events", help_text="One a line: run.failed, or all of a subject: run.*")
    tiers = forms.MultipleChoiceField(
        label="Risk tiers", choices=RiskTier.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all of them.",
    )  # fmt: skip
    environments = forms.MultipleChoiceField(
        choices=Environment.choices, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all of them.",
    )  # fmt: skip
    digest_minutes = forms.IntegerField(
        label="Gather for minutes", min_value=0, max_value=LONGEST_DIGEST, initial=0,
        help_text="0: the same thing is told once a day and counted. Else all of so long goes together.",
    )  # fmt: skip
    is_enabled = forms.BooleanField(label="On", required=False, initial=True)


class SubscriptionForm(OwnForm):
    """What an ADMIN subscribes anybody to."""

    sections: ClassVar[Sequence[Section]] = (
        COMMON,
        EVENTS,
        Section(
            "Told to", ("audience", "person_id", "channel_id"), "People in their inbox; a channel besides, or alone."
        ),
    )
    renamed: ClassVar[Mapping[str, str]] = {"person": "person_id", "channel": "channel_id"}
    audience = forms.ChoiceField(choices=[(audience.value, said) for audience, said in AUDIENCES.items()])
    person_id = Somebody(where={"is_active": True, "is_agent": False}, label="Person", required=False)
    channel_id = OfTenant(Channel, label="Channel", required=False)


def facts_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values as the service takes them: ids of what was chosen."""
    chosen = {name: values[name] for name in ("person_id", "channel_id") if name in values}
    return {**values, **{name: row.pk if row is not None else None for name, row in chosen.items()}}
