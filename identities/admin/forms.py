"""The input of commands: plain forms, dressed in the theme, whose choices never leave the tenant."""

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from unfold import widgets

from audit.context import Change
from identities.admin.change_control import CHANGE_MEMBERS, change_fields
from identities.admin.searching import OfTenant, Searchable
from identities.credentials import misplaced
from identities.credentials.misplaced import members_with_secrets
from identities.errors import DomainError, Invalid

_DRESS: tuple[tuple[type[forms.Widget], type[forms.Widget]], ...] = (
    (forms.CheckboxSelectMultiple, forms.CheckboxSelectMultiple),
    (forms.Textarea, widgets.UnfoldAdminTextareaWidget),
    (forms.CheckboxInput, widgets.UnfoldBooleanSwitchWidget),
    (forms.Select, widgets.UnfoldAdminSelectWidget),
    (forms.PasswordInput, widgets.UnfoldAdminPasswordWidget),
    (forms.EmailInput, widgets.UnfoldAdminEmailInputWidget),
    (forms.NumberInput, widgets.UnfoldAdminIntegerFieldWidget),
    (forms.TextInput, widgets.UnfoldAdminTextInputWidget),
)


@dataclass(frozen=True)
class Section:
    """Fields that belong together, under a title."""

    title: str
    fields: Sequence[str]
    text: str = ""
    folded: bool = False


CHANGE = Section(
    "Change control",
    tuple(CHANGE_MEMBERS.values()),
    "Stands on the timeline beside the change. For an identity of the high tier that is under approval, the note and "
    "the rollback plan are asked, and whoever approves sees them.",
)


class UtcDateTimeInput(forms.DateTimeInput):
    """The browser's own picker; what is typed is UTC, and the label says so."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"class": " ".join(widgets.INPUT_CLASSES), "step": "60", **(attrs or {})}, format="%Y-%m-%dT%H:%M"
        )


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": " ".join(widgets.INPUT_CLASSES), **(attrs or {})}, format="%Y-%m-%d")


def moment(*, label: str, **kwargs: Any) -> forms.DateTimeField:
    """A field for an instant, in UTC."""
    return forms.DateTimeField(label=f"{label} (UTC)", widget=UtcDateTimeInput(), **kwargs)


def day(**kwargs: Any) -> forms.DateField:
    """A field for a date."""
    return forms.DateField(widget=DayInput(), **kwargs)


def source(*, rows: int = 12, **kwargs: Any) -> forms.CharField:
    """A field for exact text: code, Cedar, JSON."""
    attrs = {"rows": rows, "class": "sw-source-input", "spellcheck": "false", "autocapitalize": "off"}
    return forms.CharField(widget=forms.Textarea(attrs=attrs), strip=False, **kwargs)


class Json(forms.JSONField):
    """JSON as a person reads and writes it."""

    def __init__(self, *, rows: int = 8, **kwargs: Any) -> None:
        attrs = {"rows": rows, "class": "sw-source-input", "spellcheck": "false", "autocapitalize": "off"}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Say where the text stops being JSON: "not valid" helps nobody in forty lines."""
        try:
            return super().to_python(value)
        except (ValidationError, RecursionError):
            try:
                json.loads(value)
            except (ValueError, RecursionError) as error:
                raise ValidationError(f"Not JSON: {_where(error)}", code="invalid") from None
            raise

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return data

    def prepare_value(self, value: Any) -> Any:
        return (
            ""
            if value is None
            else value
            if isinstance(value, str)
            else json.dumps(value, indent=2, ensure_ascii=False)
        )


class CommandForm(forms.Form):
    """The input of one command; a field has the name of the service's argument.

    A field that holds a client secret of ours is refused unless `takes_secrets` says that this is where one belongs.
    """

    takes_secrets: ClassVar[bool] = False
    #: Whether a ticket, a note and a rollback plan can be given with it.
    asks_change: ClassVar[bool] = False
    sections: ClassVar[Sequence[Section]] = ()
    #: Where a service's name for a member is not the field's.
    renamed: ClassVar[Mapping[str, str]] = {}
    use_required_attribute = True

    def __init__(self, *args: Any, tenant_id: UUID | None = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.obj, self.tenant_id = obj, tenant_id
        self.fields.update(self.extra_fields())
        if self.asks_change:
            self.fields.update(change_fields())
        for field in self.fields.values():
            if isinstance(field, OfTenant):
                field.narrow(tenant_id)
            field.widget = _dressed(field)

    def extra_fields(self) -> dict[str, forms.Field]:
        """Fields that are known only now; mostly none."""
        return {}

    @classmethod
    def initial_of(cls, obj: Any) -> dict[str, Any]:
        """What an edit form starts with: the attributes of the object that carry the fields' names."""
        return {name: _plain(getattr(obj, name, None)) for name in cls.base_fields}

    @property
    def groups(self) -> Iterable[tuple[Section, list[forms.BoundField]]]:
        """The sections with their fields; without sections one group of everything."""
        if not self.sections:
            yield Section("", ()), [field for field in self.visible_fields() if field.name not in CHANGE.fields]
        for section in self.sections:
            yield section, [self[name] for name in section.fields if name in self.fields]
        if self.asks_change:
            fields = [self[name] for name in CHANGE.fields]
            yield replace(CHANGE, folded=not any(field.errors or field.value() for field in fields)), fields

    def full_clean(self) -> None:
        """Refuse a secret last, whatever a form's own checks say, and keep it out of what is drawn again."""
        super().full_clean()
        if self.is_bound and not self.takes_secrets:
            given = {name: self.data.get(self.add_prefix(name)) for name in self.fields}
            found = members_with_secrets({name: value for name, value in given.items() if value})
            for name in found:
                self.add_error(name, misplaced.SAID)
            drawn: Any = copy(self.data)
            for name in found:
                drawn[self.add_prefix(name)] = ""
            self.data = drawn

    def take_change(self) -> Change | None:
        """What was said about the change, taken out of the values; None where the form does not ask for it."""
        if not self.asks_change:
            return None
        ticket, note, plan = (self.cleaned_data.pop(name, "").strip() for name in CHANGE.fields)
        return Change(ticket=ticket, note=note, rollback_plan=plan)

    def look_only_at(self, names: Sequence[str]) -> None:
        """Forget what is wrong with every other field: it is not asked yet."""
        for name in [name for name in self.errors if name not in names]:
            del self.errors[name]

    def refuse(self, error: DomainError) -> None:
        """Show a service's no beside the fields it speaks of, or above the form."""
        members = error.errors if isinstance(error, Invalid) else {}
        for member, messages in members.items():
            name = (
                CHANGE_MEMBERS.get(member)
                or self.renamed.get(member)
                or self.renamed.get(member.split(".")[0])
                or member.split(".")[0]
            )
            if name in self.fields:
                self.add_error(name, ValidationError(list(messages)))
            else:
                self.add_error(
                    None, ValidationError([f"{name.replace('_', ' ').capitalize()}: {text}" for text in messages])
                )
        if not members:
            self.add_error(None, error.message)


class ReasonForm(CommandForm):
    """A reason, and nothing else."""

    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Goes into the audit log beside your name. Never paste a secret here.",
    )


class ChangedReasonForm(ReasonForm):
    """A reason, and what there is to say about the change."""

    asks_change = True


def _where(error: Exception) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "it is nested too deeply."
    return f"line {error.lineno}, column {error.colno}: {error.msg[0].lower()}{error.msg[1:]}."


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


#: Widgets that need no other dress.
_DRESSED = (UtcDateTimeInput, DayInput, Searchable, forms.HiddenInput)


def _dressed(field: forms.Field) -> forms.Widget:
    worn: forms.Widget = field.widget
    if type(worn).__module__.startswith("unfold") or isinstance(worn, _DRESSED):
        return worn
    for bare, dressed in _DRESS:
        if isinstance(worn, bare):
            return worn if bare is dressed else _change(worn, dressed)
    return worn


def _change(worn: forms.Widget, dressed: type[forms.Widget]) -> forms.Widget:
    fresh = dressed(attrs=dict(worn.attrs))
    fresh.is_required = worn.is_required
    if isinstance(worn, forms.Select) and isinstance(fresh, forms.Select):
        fresh.choices = worn.choices
    if isinstance(worn, forms.PasswordInput) and isinstance(fresh, forms.PasswordInput):
        fresh.render_value = worn.render_value
    return fresh
