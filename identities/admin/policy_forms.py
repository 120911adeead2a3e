"""The form of the identity policy: every rule of the one page, and what a change of it would mean."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db.models import Count

from identities.admin.commands import Preview
from identities.admin.forms import CommandForm, Json, Section
from identities.admin.parts import Block, Empty, Notice, Table
from identities.admin.wording import label_of
from identities.inventory import standards_reading
from identities.inventory.auth_methods import VERDICTS
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import NEVER_ALLOWED, Standards, as_rules, laid_over, standards_from
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.inventory.vocabulary import AuthMethod, RiskTier

TIERS = [tier.value for tier in RiskTier]
METHODS = [
    (method.value, f"{label_of(method)}: {VERDICTS[method.value].verdict}")
    for method in AuthMethod
    if method.value not in {*NEVER_ALLOWED, AuthMethod.UNKNOWN.value}
]
ENDINGS = [("alert", "Alert only"), ("throttle", "Slow it down"), ("retire", "Retire it")]
BY_TIER = ("rotation_days", "review_days", "overlap_hours", "silent_hours", "after_deadline", "auth_methods")


def _days(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=3650)


def _hours(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=2160)


def _ending(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=ENDINGS)


def _methods(label: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, choices=METHODS, widget=forms.CheckboxSelectMultiple)


class PolicyForm(CommandForm):
    """All rules, as they are in force; what is changed here is laid over them."""

    what_counts = forms.CharField(label="What counts", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    how_to_request = forms.CharField(label="How to request", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    rotation_days_low = _days("Low tier: rotate after days")
    rotation_days_medium = _days("Medium tier: rotate after days")
    rotation_days_high = _days("High tier: rotate after days")
    review_days_low = _days("Low tier: review after days")
    review_days_medium = _days("Medium tier: review after days")
    review_days_high = _days("High tier: review after days")
    overlap_hours_low = _hours("Low tier: two secrets may both work for hours")
    overlap_hours_medium = _hours("Medium tier: two secrets may both work for hours")
    overlap_hours_high = _hours("High tier: two secrets may both work for hours")
    silent_hours_low = _hours("Low tier: retire the old one after hours of silence")
    silent_hours_medium = _hours("Medium tier: retire the old one after hours of silence")
    silent_hours_high = _hours("High tier: retire the old one after hours of silence")
    after_deadline_low = _ending("Low tier: an old secret still used after the overlap")
    after_deadline_medium = _ending("Medium tier: an old secret still used after the overlap")
    after_deadline_high = _ending("High tier: an old secret still used after the overlap")
    dormant_after_days = _days("Dormant after days without use, where no cadence is known")
    auth_methods_low = _methods("Low tier")
    auth_methods_medium = _methods("Medium tier")
    auth_methods_high = _methods("High tier")
    auth_methods_by_kind = Json(
        label="Kinds with a rule of their own",
        required=False,
        help_text='JSON: {"deploy_runner": ["federated", "mtls"]}. It stands in the place of the tier\'s list.',
    )
    naming = Json(
        label="Names",
        required=False,
        rows=5,
        help_text='JSON: a kind and the regular expression that its names fit, {"bot": "bot-[a-z0-9-]+"}.',
    )
    data_classifications = forms.CharField(
        label="Data classifications", max_length=2000, help_text="Separated by commas, least sensitive first."
    )
    reason = forms.CharField(
        label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="Goes into the audit log."
    )

    sections: ClassVar[Sequence[Section]] = (
        Section("In words", ("what_counts", "how_to_request")),
        Section("Rotation and review", tuple(f"{name}_{tier}" for name in BY_TIER[:2] for tier in TIERS)),
        Section(
            "While a secret is replaced",
            tuple(f"{name}_{tier}" for name in BY_TIER[2:5] for tier in TIERS),
            "Both work until the old one has been silent and the new one was seen; the overlap has an end.",
        ),
        Section("Dormancy", ("dormant_after_days",)),
        Section(
            "Ways to prove oneself",
            (*(f"auth_methods_{tier}" for tier in TIERS), "auth_methods_by_kind"),
            "A shared human account is never allowed, and what is not known is always asked for.",
        ),
        Section("Names and data", ("naming", "data_classifications")),
        Section("Why", ("reason",)),
    )
    renamed: ClassVar[Mapping[str, str]] = {f"{name}.{tier}": f"{name}_{tier}" for name in BY_TIER for tier in TIERS}

    @classmethod
    def initial_of(cls, obj: Any) -> dict[str, Any]:
        """The rules in force, one field each."""
        rules = as_rules(obj)
        found = {name: value for name, value in rules.items() if name in cls.base_fields}
        for name in BY_TIER:
            found |= {f"{name}_{tier}": rules[name].get(tier) for tier in TIERS}  # type: ignore[attr-defined]
        return {**found, "data_classifications": ", ".join(obj.data_classifications)}


def rules_of(values: Mapping[str, Any], before: Standards) -> dict[str, Any]:
    """The form's values as rules that differ from those in force; a kind taken out is taken out of the rule."""
    rules: dict[str, Any] = {
        name: values[name] for name in ("what_counts", "how_to_request", "dormant_after_days") if name in values
    }
    for name in BY_TIER:
        rules[name] = {tier: values[f"{name}_{tier}"] for tier in TIERS}
    for name in ("auth_methods_by_kind", "naming"):
        given = values.get(name) or {}
        # What is no object is refused by the service, by its name.
        gone = (
            {}
            if not isinstance(given, Mapping)
            else dict.fromkeys(set(getattr(before, name)) - set(given), _nothing(name))
        )
        rules[name] = {**gone, **given} if isinstance(given, Mapping) else given
    rules["data_classifications"] = [part.strip() for part in values["data_classifications"].split(",") if part.strip()]
    now = as_rules(before)
    return {name: rule for name, rule in rules.items() if rule != now[name]}


def _nothing(name: str) -> Any:
    return [] if name == "auth_methods_by_kind" else None


def preview(tenant_id: UUID) -> Preview:
    """What would change, and whom it would put in the wrong."""
    fields = [name for name in PolicyForm.base_fields if name != "reason"]
    return Preview("Show what would change", fields, lambda values: foreseen(tenant_id, values))


def foreseen(tenant_id: UUID, values: Mapping[str, Any]) -> Sequence[Block]:
    """The changed rules before and after, and how many identities would no longer be allowed. Raises Invalid."""
    before = standards_of(tenant_id)
    given = standards_reading.read(rules_of(values, before))
    after = standards_from(laid_over(as_rules(before), given))
    old, new = as_rules(before), as_rules(after)
    rows = [
        [name.replace("_", " ").capitalize(), _said(old[name]), _said(new[name])]
        for name in old
        if old[name] != new[name]
    ]
    table = Table("What would change", ["Rule", "Now", "Then"], rows, Empty("Nothing would change"))
    wrong = _wrong(tenant_id, after) - _wrong(tenant_id, before)
    if wrong <= 0:
        return [table]
    text = "They go on working; they turn amber, and they are asked for another way when they are changed."
    return [
        table,
        Notice(f"{wrong} identities would no longer prove themselves in an allowed way.", text, "warn", "rule"),
    ]


def _wrong(tenant_id: UUID, standards: Standards) -> int:
    rows = ManagedIdentity.objects.filter(tenant_id=tenant_id).exclude(state=State.RETIRED).order_by()
    counted = rows.values_list("kind", "risk_tier", "auth_method").annotate(n=Count("pk"))
    return sum(n for kind, tier, method, n in counted if not standards.allows(method, kind=kind, tier=tier))


def _said(rule: object) -> str:
    if isinstance(rule, Mapping):
        return "; ".join(f"{key}: {_said(value)}" for key, value in rule.items()) or "none"
    return ", ".join(map(str, rule)) if isinstance(rule, list) else str(rule)
