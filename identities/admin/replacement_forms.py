"""What is asked of whoever replaces a service user: the role, the name, where the secret goes, how long both live."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from identities.access.permissions import PERMISSIONS
from identities.admin.forms import ReasonForm, Section
from identities.admin.identity_forms import SecretForm
from identities.admin.permission_words import MEANING
from identities.inventory.vocabulary import Environment
from identities.people.models import User
from identities.service_users import planning
from identities.service_users.planning import MOST_OVERDUE_DAYS, MOST_QUIET_HOURS, Plan
from identities.service_users.replacement_terms import LONGEST_REASON


@dataclass(frozen=True)
class Permitted:
    """A permission as a choice: what it lets do, and how often the account did."""

    name: str
    text: str

    def __str__(self) -> str:
        return self.name


class PermissionsField(forms.MultipleChoiceField):
    """Permissions, each with what it lets do; those that were used come first."""

    explained = True

    def __init__(self, **kwargs: Any) -> None:
        choices = [(name, Permitted(name, MEANING.get(name, ""))) for name in sorted(PERMISSIONS)]
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple, **kwargs)

    def say(self, plan: Plan) -> None:
        """Put the use of each beside it."""
        used = {one.permission: one.times for one in plan.needed}
        order = sorted(PERMISSIONS, key=lambda name: (name not in used, name))
        self.choices = [(name, Permitted(name, _text(name, used))) for name in order]


class MigrateForm(SecretForm):
    """How a service user is replaced; everything stands as planned."""

    permissions = PermissionsField(required=False, label="Permissions")
    name = forms.CharField(max_length=120, label="Name", help_text="Of the managed identity.")
    environment = forms.ChoiceField(choices=Environment.choices, label="Environment")
    quiet_hours = forms.IntegerField(
        min_value=1,
        max_value=MOST_QUIET_HOURS,
        label="Quiet hours",
        help_text="So long nobody may use the account before Steward disables it. Longer than its longest silence: "
        "what comes once a month is not gone after a day.",
    )
    overdue_days = forms.IntegerField(
        min_value=1,
        max_value=MOST_OVERDUE_DAYS,
        label="Overdue after, in days",
        help_text="Whoever answers for it is told then. Nothing is switched off by a date.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Goes into the audit log beside your name. Never paste a secret here.",
    )
    sections = (
        Section(
            "Its role",
            ("permissions",),
            "Ticked is what it used in ninety days: the least that covers it. A role that permits exactly this is used "
            "if there is one.",
        ),
        Section("The identity", ("name", "environment")),
        Section("Its secret", ("secret", "vault", "secret_name")),
        Section("Both alive", ("quiet_hours", "overdue_days", "reason")),
    )
    renamed: ClassVar[Mapping[str, str]] = {
        "store_secret_at.vault_uri": "vault",
        "store_secret_at.provider": "vault",
        "store_secret_at.secret_name": "secret_name",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["permissions"]
        if isinstance(self.obj, User) and isinstance(field, PermissionsField):
            field.say(plan_of(self.obj))


class EndForm(ReasonForm):
    """Why it ends, and whether also where somebody still uses what ends."""

    force = forms.BooleanField(
        required=False, label="Even if it is in use", help_text="Whatever uses it now is shut out at once."
    )


def plan_of(user: User) -> Plan:
    """The plan, worked out once for a page."""
    found = getattr(user, "replacement_plan", None)
    if isinstance(found, Plan):
        return found
    made = planning.plan(user, at=timezone.now())
    user.replacement_plan = made  # type: ignore[attr-defined]  # kept with the object of this request
    return made


def initial_of(user: User) -> dict[str, Any]:
    """What the form begins with: everything as planned."""
    plan = plan_of(user)
    return {
        "permissions": list(plan.permissions),
        "name": plan.name,
        "environment": plan.environment,
        "quiet_hours": plan.quiet_hours,
        "overdue_days": plan.overdue_days,
    }


def _text(name: str, used: Mapping[str, int]) -> str:
    times = used.get(name, 0)
    said = MEANING.get(name, "")
    return f"{said}. Used {times:,} {'time' if times == 1 else 'times'}." if times else said
