"""The input for a channel: its name, and for each kind the fields that its settings declare."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from identities.admin.forms import CommandForm, Section
from identities.errors import DomainError, Invalid
from identities.names import camel, snake
from identities.notifications.sinks.base import Sink
from identities.notifications.sinks.register import installed

SECRET = "secret"  # noqa: S105 - the name of a field


class ChannelForm(CommandForm):
    """What every channel has, then one section a kind."""

    name = forms.CharField(max_length=120)
    kind = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["kind"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(kind, sink.label) for kind, sink in installed().items()]
        if self.obj is not None:
            del self.fields["kind"]

    def extra_fields(self) -> dict[str, forms.Field]:
        """The settings of every kind, or of the one that the channel has."""
        found: dict[str, forms.Field] = {}
        for kind, sink in installed().items():
            if self.obj is None or self.obj.kind == kind:
                found |= _fields_of(kind, sink, held=self.obj is not None)
        return found

    @property
    def groups(self) -> Iterable[tuple[Section, list[forms.BoundField]]]:
        common = [name for name in ("name", "kind") if name in self.fields]
        yield Section("Channel", common), [self[name] for name in common]
        for kind, sink in installed().items():
            if names := [name for name in self.fields if name.startswith(f"{kind}__")]:
                text = "" if self.obj is not None else "Only for this kind; the others leave it alone."
                yield Section(sink.label, names, text), [self[name] for name in names]

    @classmethod
    def initial_of(cls, obj: Any) -> dict[str, Any]:
        return {"name": obj.name, **{f"{obj.kind}__{snake(name)}": value for name, value in obj.settings.items()}}

    def refuse(self, error: DomainError) -> None:
        """Settings complain as "url: …", and the secret by its own name: put that beside the field of the kind."""
        kind = self.obj.kind if self.obj is not None else str(self.cleaned_data.get("kind", ""))
        members = dict(error.errors) if isinstance(error, Invalid) else {}
        if not members.keys() & {"settings", SECRET}:
            super().refuse(error)
            return
        moved: dict[str, list[str]] = {}
        for member, texts in members.items():
            for text in texts:
                name, _, said = text.partition(": ") if member == "settings" else (member, "", text)
                field = f"{kind}__{snake(name)}" if member in ("settings", SECRET) else member
                moved.setdefault(field if field in self.fields else member, []).append(said or text)
        super().refuse(Invalid(moved))


def split(kind: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The settings of the kind by their outside names, and the secret if one was given."""
    own = {name.removeprefix(f"{kind}__"): value for name, value in values.items() if name.startswith(f"{kind}__")}
    secret = own.pop(SECRET, "") or None
    return {camel(name): value for name, value in own.items() if value is not None}, secret


def _fields_of(kind: str, sink: type[Sink], *, held: bool) -> dict[str, forms.Field]:
    made: dict[str, forms.Field] = {}
    if sink.secret_label:
        kept = " Empty: the one that is kept stays." if held else ""
        made[f"{kind}__{SECRET}"] = forms.CharField(
            label=sink.secret_label,
            required=False,
            max_length=1000,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            help_text=f"{sink.secret_hint}{kept}",
        )
    for item in sink.Settings.shown():
        words = {"label": item.metadata["label"], "help_text": item.metadata["hint"]}
        made[f"{kind}__{item.name}"] = forms.CharField(required=False, max_length=2000, **words)
    return made
