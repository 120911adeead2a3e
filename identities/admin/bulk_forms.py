"""What each deed on many identities asks, and the deed that comes of the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from identities.admin.forms import CommandForm, ReasonForm, day
from identities.admin.identity_fields import Somebody
from identities.admin.searching import OfTenant
from identities.inventory.members import MAX_TAG, MAX_TAGS
from identities.lifecycle.bulk import AssignOwner, ChangeTags, Deed, Disable, Quarantine, Retire, Rotate, SetReviewDate
from identities.people.models import Team

ROLES = (
    ("technical_owner", "Technical owner"), ("business_owner", "Business owner"), ("deputy_owner", "Deputy owner"),
    ("owner_team", "Owning team"),
)  # fmt: skip


class OwnerForm(ReasonForm):
    """Who shall answer for them, as what."""

    role = forms.ChoiceField(label="As", choices=ROLES)
    person = Somebody(required=False, help_text="For an owner.")
    team = OfTenant(Team, required=False, help_text="For the owning team.")
    field_order = ("role", "person", "team", "reason")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        wanted, other = ("team", "person") if values.get("role") == "owner_team" else ("person", "team")
        if wanted not in self.errors and not values.get(wanted):
            self.add_error(wanted, "Choose one.")
        if values.get(other):
            self.add_error(other, "Leave this empty, or choose another role above.")
        return values


class ReviewForm(ReasonForm):
    """The next day of review."""

    review_by = day(label="Review by")
    field_order = ("review_by", "reason")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class TagForm(ReasonForm):
    """Tags to add and to take away."""

    add = forms.CharField(
        label="Add", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, such as cost-centre=4711. A tag with the same name gets the new value.",
    )  # fmt: skip
    remove = forms.CharField(
        label="Take away", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The names of tags, one a line.",
    )  # fmt: skip
    field_order = ("add", "remove", "reason")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for name in ("add", "remove"):
            lines = _lines(values.get(name) or "")
            if len(lines) > MAX_TAGS or any(len(line) > MAX_TAG for line in lines):
                self.add_error(name, f"At most {MAX_TAGS} tags of at most {MAX_TAG} characters.")
        if not self.errors and not (values.get("add") or values.get("remove")):
            self.add_error("add", "Name a tag to add, or one to take away.")
        return values


@dataclass(frozen=True)
class Bulk:
    """One entry of the list's menu. `word` is what must be typed before a grave deed on several."""

    key: str
    label: str
    form: type[CommandForm]
    deed: Callable[[Mapping[str, Any]], Deed]
    intro: str
    word: str = ""


def _owner(values: Mapping[str, Any]) -> Deed:
    chosen = values["team"] if values["role"] == "owner_team" else values["person"]
    called = chosen.name if values["role"] == "owner_team" else chosen.email
    return AssignOwner(values["role"], str(chosen.pk), called)


def _tags(values: Mapping[str, Any]) -> Deed:
    pairs = (line.partition("=") for line in _lines(values["add"]))
    return ChangeTags({key.strip(): value.strip() for key, _, value in pairs if key.strip()}, _lines(values["remove"]))


BULKS = (
    Bulk("owner", "Assign owner or team…", OwnerForm, _owner, "Who shall answer for these identities?"),
    Bulk("review", "Set review date…", ReviewForm, lambda values: SetReviewDate(values["review_by"]),
         "The day by which somebody must look at them again."),
    Bulk("tag", "Tag…", TagForm, _tags, "Tags are added to those that are there; the same name gets the new value."),
    Bulk("rotate", "Rotate…", ReasonForm, lambda values: Rotate(),
         "A new secret goes into the vault, to the place of the newest one. Nobody sees it; the old one works until it "
         "is revoked."),
    Bulk("disable", "Disable…", ReasonForm, lambda values: Disable(),
         "They stop within five seconds everywhere. Secrets and roles stay for the day they are enabled again.",
         word="disable"),
    Bulk("quarantine", "Quarantine…", ReasonForm, lambda values: Quarantine(),
         "An incident: tokens die, schedules pause, runs stop, evidence is frozen, and each gets its runbook. Only a "
         "release ends it.",
         word="quarantine"),
    Bulk("retire", "Retire…", ReasonForm, lambda values: Retire(),
         "For good: secrets and tokens die, roles end, names become free. The rows and their history stay.",
         word="retire"),
)  # fmt: skip
BY_KEY = {bulk.key: bulk for bulk in BULKS}
